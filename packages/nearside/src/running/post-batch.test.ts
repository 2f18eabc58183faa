import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { RunRequest, WireInput } from '../protocol.js';
import type { Connection } from '../workers/connection.js';
import { createHandover, type Shift } from './handover.js';
import { postBatch, type QueuedRun } from './post-batch.js';

const GONE = Float32Array.of(-1);

function run(data: Float32Array<ArrayBuffer>): QueuedRun {
  const x = { datatype: 'FP32', shape: [1], data } as const;
  const input: WireInput = { kind: 'tensors', tensors: { x } };
  return { input, isGiven: false, topK: undefined, priority: 'normal' };
}

/** A worker that answers with its inputs; a message with {@link GONE} in it cannot be posted. */
function answering() {
  const batches: number[] = [];
  const connection: Partial<Connection> = {
    async run({ items }: RunRequest) {
      const tensors = items.map(({ input }) => (input as { tensors: object }).tensors);
      if (JSON.stringify(tensors).includes(JSON.stringify(GONE))) {
        throw new NearsideError('input-detached', 'gone');
      }
      batches.push(items.length);
      const replies = tensors.map((output) => ({ ok: true, value: output }) as never);
      return { kind: 'done', replies };
    },
  };
  const serving = { connection };
  return { batches, shift: { serving } as unknown as Shift };
}

test('an input that cannot be posted fails alone, and its neighbours are answered', async () => {
  const { batches, shift } = answering();
  const handover = createHandover(shift, {
    revive: () => Promise.reject(new Error('not lost')),
    onGoBack: async () => {},
  });
  const runs = [run(Float32Array.of(1)), run(GONE), run(Float32Array.of(3))];
  const outcomes = await postBatch(runs, { handover, watchdogMs: 60_000 }).end;
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(outcomes[1]).toMatchObject({ error: { code: 'input-detached' } });
  expect(batches).toEqual([1, 1]);
});

test('what is posted is no caller’s any more, also while its worker is replaced', async () => {
  const shift = {
    serving: { connection: { end: { reason: new NearsideError('worker-lost', 'lost') } } },
  } as unknown as Shift;
  const { promise: revived, resolve } = createDeferred<Shift>();
  const handover = createHandover(shift, { revive: () => revived, onGoBack: async () => {} });
  const waiting = run(Float32Array.of(1));
  const { end } = postBatch([waiting], { handover, watchdogMs: 60_000 });
  expect([waiting.isPosted, waiting.shift]).toEqual([true, undefined]);
  resolve(answering().shift);
  expect(await end).toMatchObject([{ ok: true }]);
});

test('a picture that never left, because no worker is left to take it, is closed', async () => {
  const none = new NearsideError('no-backend', 'none left');
  const connection = { run: () => Promise.reject(none) };
  const shift = { serving: { connection } } as unknown as Shift;
  const handover = createHandover(shift, { revive: async () => shift, onGoBack: async () => {} });
  const closed = createDeferred<void>();
  const image = { width: 2, height: 2, close: () => closed.resolve() } as ImageBitmap;
  const picture: QueuedRun = { ...run(Float32Array.of(1)), input: { kind: 'image', image } };
  await expect(postBatch([picture], { handover, watchdogMs: 60_000 }).end).rejects.toBe(none);
  await closed.promise;
});

test('a batch says when it has begun, and is ended and asked back by what it was posted by', async () => {
  const asked: string[] = [];
  const posted: number[] = [];
  const begun: (() => void)[] = [];
  const ended = createDeferred<never>();
  const connection: Partial<Connection> = {
    async run({ id, items }, { onBegun }) {
      if (items.length > 1) throw new NearsideError('input-detached', 'gone');
      posted.push(id);
      begun.push(onBegun);
      return ended.promise;
    },
    recall: async (id) => void asked.push(`recall ${id}`),
    kill(reason, id) {
      asked.push(`kill ${id}`);
      ended.reject(reason);
    },
  };
  const shift = { serving: { connection } } as unknown as Shift;
  const handover = createHandover(shift, { revive: async () => shift, onGoBack: async () => {} });
  const runs = [run(Float32Array.of(1)), run(Float32Array.of(2))];
  const batch = postBatch(
    runs.map((run) => ({ ...run, isSecondTry: true })),
    { handover, watchdogMs: 60_000 },
  );
  await expect.poll(() => posted.length).toBe(2);
  expect(batch.hasBegun).toBe(false);
  begun[1]?.();
  expect(batch.hasBegun).toBe(true);
  batch.recall();
  batch.terminate();
  // A caller had them ended, and those whose callers stay are done again.
  await expect(batch.end).resolves.toMatchObject([{ ok: 'again' }, { ok: 'again' }]);
  for (const id of posted) {
    expect(asked).toContain(`recall ${id}`);
    expect(asked).toContain(`kill ${id}`);
  }
});
