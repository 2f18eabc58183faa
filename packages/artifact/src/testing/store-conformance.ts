import type { Store } from '@nearside/core';
import { describe, expect, test } from 'vitest';

/** Checks that hold for every store, wherever it keeps its data. `open` opens the same data again. */
export function storeConformance(name: string, prepare: () => Promise<{ open: () => Store }>) {
  describe(name, () => {
    test('gives back what was stored: structured data, byte arrays and buffers', async () => {
      const store = (await prepare()).open();
      const record = { bytes: new Uint8Array([1, 2, 3]), list: ['a'], none: undefined, at: 1.5 };
      await store.commit({
        set: new Map<string, unknown>([
          ['record', record],
          ['buffer', new Uint8Array([4, 5]).buffer],
          ['empty', new ArrayBuffer(0)],
        ]),
      });
      expect(await store.get('record')).toEqual(record);
      const buffer = await store.get('buffer');
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect([...new Uint8Array(buffer as ArrayBuffer)]).toEqual([4, 5]);
      expect((await store.get('empty')) as ArrayBuffer).toHaveProperty('byteLength', 0);
      expect(await store.get('missing')).toBeUndefined();
    });

    test('keeps a copy: neither side sees what the other changes later', async () => {
      const store = (await prepare()).open();
      const bytes = new Uint8Array([1, 2, 3]);
      await store.commit({ set: new Map([['k', bytes.buffer]]) });
      bytes[0] = 9;
      const first = new Uint8Array((await store.get('k')) as ArrayBuffer);
      expect(first[0]).toBe(1);
      first[0] = 8;
      expect(new Uint8Array((await store.get('k')) as ArrayBuffer)[0]).toBe(1);
    });

    test('lists the keys of a prefix in order, and no others', async () => {
      const store = (await prepare()).open();
      await store.commit({ set: new Map(['b/2', 'a/1', 'b/1', 'b', 'c/1'].map((k) => [k, 0])) });
      expect(await store.keys('b/')).toEqual(['b/1', 'b/2']);
      expect(await store.keys('')).toEqual(['a/1', 'b', 'b/1', 'b/2', 'c/1']);
    });

    test('deletes and sets in one change; deleting what is not there is no error', async () => {
      const store = (await prepare()).open();
      await store.commit({ set: new Map([['old', 1]]) });
      await store.commit({ set: new Map([['new', 2]]), delete: ['old', 'never'] });
      expect(await store.keys('')).toEqual(['new']);
    });

    test('a change with a value that cannot be stored leaves nothing of it', async () => {
      const store = (await prepare()).open();
      const change = {
        set: new Map<string, unknown>([
          ['fine', 1],
          ['not', () => {}],
        ]),
      };
      await expect(store.commit(change)).rejects.toThrow();
      expect(await store.keys('')).toEqual([]);
    });

    test('transactions never lose an update of one another', async () => {
      const { open } = await prepare();
      const stores = [open(), open()];
      const increments = Array.from({ length: 40 }, (_, i) =>
        (stores[i % 2] as Store).transact(['n'], ([n]) => ({
          set: new Map([['n', ((n as number | undefined) ?? 0) + 1]]),
        })),
      );
      await Promise.all(increments);
      expect(await (stores[0] as Store).get('n')).toBe(40);
    });

    test('a transaction that decides on nothing changes nothing', async () => {
      const store = (await prepare()).open();
      await store.commit({ set: new Map([['k', 1]]) });
      await store.transact(['k'], ([k]) => (k === 1 ? undefined : { delete: ['k'] }));
      expect(await store.get('k')).toBe(1);
    });

    test('a lock lets one in at a time, others wait, and a failing holder lets go', async () => {
      const { open } = await prepare();
      const [a, b] = [open(), open()] as [Store, Store];
      const trace: string[] = [];
      const hold = (store: Store, who: string) =>
        store.exclusive('lock', async () => {
          trace.push(`${who} in`);
          await store.get('anything');
          trace.push(`${who} out`);
          if (who === 'first') throw new Error('on purpose');
          return who;
        });
      const results = await Promise.allSettled([
        hold(a, 'first'),
        hold(b, 'second'),
        hold(a, 'third'),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
      for (let i = 0; i < trace.length; i += 2) {
        expect(trace[i + 1]).toBe((trace[i] as string).replace(' in', ' out'));
      }
    });

    test('waiting for a lock ends with the reason of its signal', async () => {
      const { open } = await prepare();
      const [a, b] = [open(), open()] as [Store, Store];
      const waiting = new AbortController();
      const reason = new Error('changed my mind');
      await a.exclusive('lock', async () => {
        const waited = b.exclusive('lock', async () => 'never', { signal: waiting.signal });
        waiting.abort(reason);
        await expect(waited).rejects.toBe(reason);
      });
      expect(await b.exclusive('lock', async () => 'free again')).toBe('free again');
    });

    test('locks of different names do not wait for each other', async () => {
      const { open } = await prepare();
      const [a, b] = [open(), open()] as [Store, Store];
      expect(await a.exclusive('one', () => b.exclusive('two', async () => 'both'))).toBe('both');
    });
  });
}

/** Further checks for stores that outlive their holder. */
export function persistenceConformance(prepare: () => Promise<{ open: () => Store }>) {
  test('what was committed is there when the data is opened again', async () => {
    const { open } = await prepare();
    const store = open();
    await store.commit({ set: new Map([['k', new Uint8Array([7]).buffer]]) });
    await store.close();
    expect(new Uint8Array((await open().get('k')) as ArrayBuffer)[0]).toBe(7);
  });
}
