import { NearsideError } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openQueue, settled } from '../../testing/open-queue.js';
import { QUEUE_LIMITS } from './run-queue.js';

test('urgent work overtakes, and equal work keeps its order', async () => {
  const { add, batches, posted } = openQueue();
  const running = [add('a'), add('b')];
  await settled();
  const all = [
    add('background', 'background'),
    add('first normal'),
    add('second normal'),
    add('interactive', 'interactive'),
  ];
  for (let i = 0; i < 6; i += 1) {
    await settled();
    batches[i]?.finish();
  }
  await Promise.all([...running, ...all]);
  const [, , ...later] = posted();
  expect(later).toEqual(['interactive', 'first normal', 'second normal', 'background']);
});

test('calls made together run together, as many as the model takes', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 3 });
  const calls = ['a', 'b', 'c', 'd'].map((work) => add(work));
  await settled();
  expect(posted()).toEqual(['a b c', 'd']);
  for (const batch of batches) batch.finish();
  expect(await Promise.all(calls)).toEqual(['did a', 'did b', 'did c', 'did d']);
});

test('a lone request never waits for others', async () => {
  const { add, posted } = openQueue({ maxBatch: 8, maxDelayMs: 60_000 });
  void add('alone');
  await settled();
  expect(posted()).toEqual(['alone']);
});

test('beside a busy worker a batch fills up, and goes when the worker is free', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 8, maxDelayMs: 60_000 });
  void add('first');
  await settled();
  void add('b');
  await settled();
  void add('c');
  await settled();
  expect(posted()).toEqual(['first']);
  batches[0]?.finish();
  await settled();
  expect(posted()).toEqual(['first', 'b c']);
});

test('a full batch does not wait', async () => {
  const { add, posted } = openQueue({ maxBatch: 2, maxDelayMs: 60_000 });
  void add('first');
  await settled();
  void add('b');
  void add('c');
  await settled();
  expect(posted()).toEqual(['first', 'b c']);
});

test('one bad item of a batch fails alone', async () => {
  const { add, batches } = openQueue({ maxBatch: 3 });
  const [good, bad, other] = [add('good'), add('bad'), add('other')];
  await settled();
  batches[0]?.finish();
  await expect(bad).rejects.toThrow('bad');
  expect([await good, await other]).toEqual(['did good', 'did other']);
});

test('a batch that fails as a whole fails each of its calls, and not the next', async () => {
  const { add, batches } = openQueue({ maxBatch: 2 });
  const failing = [add('a'), add('b')];
  await settled();
  batches[0]?.fail(new Error('the worker died'));
  for (const call of failing) await expect(call).rejects.toThrow('the worker died');
  const next = add('next');
  await settled();
  batches[1]?.finish();
  expect(await next).toBe('did next');
});

test('work that is bounded by itself may wait behind any number of calls', async () => {
  const { queue, add } = openQueue();
  const calls = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  calls.push(add('frame', 'normal', { isBounded: true }));
  expect(queue.waiting).toBe(QUEUE_LIMITS.waiting + 1);
  queue.close(new Error('closed'));
  for (const call of calls) await expect(call).rejects.toThrow('closed');
});

test('work that is bounded by itself takes no call’s place', async () => {
  const { queue, add } = openQueue();
  const frames = Array.from({ length: 100 }, () => add('frame', 'normal', { isBounded: true }));
  const calls = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  await expect(add('one more')).rejects.toMatchObject({ code: 'queue-full' });
  queue.close(new Error('closed'));
  for (const call of [...frames, ...calls]) await expect(call).rejects.toThrow('closed');
});

/** Frames that one stream has in the queue or the worker, at most. */
const WINDOW = 40;
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('calls' as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('frames' as const), stream: fc.nat(2) }),
    fc.record({ kind: fc.constant('finish' as const) }),
    fc.record({ kind: fc.constant('give back' as const) }),
  ),
  { maxLength: 60 },
);

test('calls are refused for calls alone, frames never, and nothing waits for what came after it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { add, batches } = openQueue({ maxBatch: 4 });
      const entered: string[] = [];
      const ends: Promise<string>[] = [];
      const refusals: Promise<string>[] = [];
      const waiting = new Set<string>();
      /** Posted and not ended, by their place in `batches`. */
      const open: number[] = [];
      let seen = 0;

      function enter(work: string, more: object): void {
        entered.push(work);
        waiting.add(work);
        ends.push(add(work, 'normal', more));
      }

      /** Each batch begins with what has waited for longest. */
      async function look(): Promise<void> {
        for (let i = 0; i < 20; i += 1) await null;
        for (const { works } of batches.slice(seen)) {
          expect(works[0]).toBe(entered.find((work) => waiting.has(work)));
          for (const work of works) waiting.delete(work);
          open.push(seen);
          seen += 1;
        }
      }

      for (const step of steps) {
        if (step.kind === 'calls') {
          for (let i = 0; i < step.count; i += 1) {
            const calls = [...waiting].filter((work) => work.startsWith('call')).length;
            if (calls < QUEUE_LIMITS.waiting) enter(`call ${entered.length}`, {});
            else refusals.push(add('refused').catch(({ code }) => code));
          }
        } else if (step.kind === 'frames') {
          const frames = `stream ${step.stream}`;
          const isOurs = (work: string) => work.startsWith(frames);
          const running = open.flatMap((i) => batches[i]?.works ?? []);
          const held = [...waiting, ...running].filter(isOurs).length;
          for (let i = held; i < WINDOW; i += 1) {
            enter(`${frames} ${entered.length}`, { batchKey: frames, isBounded: true });
          }
        } else if (step.kind === 'finish') {
          batches[open.shift() ?? -1]?.finish();
        } else {
          const batch = batches[open.pop() ?? -1];
          for (const work of batch?.works ?? []) waiting.add(work);
          batch?.giveBack();
        }
        await look();
      }
      for (; open.length > 0; await look()) batches[open.shift() ?? -1]?.finish();
      expect(await Promise.all(ends)).toEqual(entered.map((work) => `did ${work}`));
      expect(await Promise.all(refusals)).toEqual(refusals.map(() => 'queue-full'));
    }),
  );
});

test('one call more than the limit is refused at once, and the others are not affected', async () => {
  const { add, batches, queue } = openQueue();
  const running = [add('a'), add('b')];
  await settled();
  const waiting = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  await expect(add('one more')).rejects.toMatchObject({ code: 'queue-full', retryable: true });
  for (let i = 0; i < running.length + waiting.length; i += 1) {
    batches[i]?.finish();
    await settled();
  }
  expect(await Promise.all(waiting)).toHaveLength(QUEUE_LIMITS.waiting);
  expect(queue.waiting).toBe(0);
});

test('an abort lets the caller go at once, and work that waits is never started', async () => {
  const { add, batches, posted, queue } = openQueue();
  void add('a');
  void add('b');
  await settled();
  const controller = new AbortController();
  const aborted = add('waiting', 'normal', { signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await expect(aborted).rejects.toThrow('changed my mind');
  expect(queue.waiting).toBe(0);
  for (const batch of batches) batch.finish();
  await settled();
  expect(posted()).toEqual(['a', 'b']);
});

test('a deadline counts waiting too', async () => {
  const { add } = openQueue();
  void add('a');
  void add('b');
  await settled();
  await expect(add('late', 'normal', { timeoutMs: 1 })).rejects.toMatchObject({
    code: 'deadline',
  });
});

test('closing rejects what waits and what runs', async () => {
  const { add, queue } = openQueue();
  const calls = [add('running'), add('posted'), add('waiting')];
  await settled();
  queue.close(new NearsideError('closed', 'closed'));
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'closed' });
});
