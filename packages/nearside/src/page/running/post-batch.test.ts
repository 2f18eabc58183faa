import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { RunRequest, WireInput } from '../../shared/protocol.js';
import { Handover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import type { Connection } from '../workers/connection.js';
import { redoLost } from './later/redo-lost.js';
import { postBatch, type QueuedRun } from './post-batch.js';

function run(data: Float32Array<ArrayBuffer>): QueuedRun {
  const x = { datatype: 'FP32', shape: [1], data } as const;
  const input: WireInput = { kind: 'tensors', tensors: { x } };
  return { input, isGiven: false, topK: undefined, priority: 'normal' };
}

/** A worker that answers with its inputs. */
function answering(): Serving {
  const connection: Partial<Connection> = {
    async run({ inputs }: RunRequest) {
      const tensors = inputs.map(({ input }) => (input as { tensors: object }).tensors);
      const replies = tensors.map((output) => ({ ok: true, value: output }) as never);
      return { kind: 'done', replies };
    },
  };
  return { connection } as unknown as Serving;
}

const help = async () => ({ redoLost });

test('what is posted is no caller’s any more, also while its worker is replaced', async () => {
  const serving = {
    connection: { end: { reason: new NearsideError('worker-lost', 'lost') } },
  } as unknown as Serving;
  const { promise: revived, resolve } = createDeferred<Serving>();
  const handover = new Handover(serving, { revive: () => revived, onHanded() {} });
  const waiting = run(Float32Array.of(1));
  const { end } = postBatch([waiting], { handover, watchdogMs: 60_000, help });
  expect([waiting.isPosted, waiting.serving]).toEqual([true, undefined]);
  resolve(answering());
  expect(await end).toMatchObject([{ ok: true }]);
});

test('a picture that never left, because no worker is left to take it, is closed', async () => {
  const none = new NearsideError('no-backend', 'none left');
  const connection = { run: () => Promise.reject(none) };
  const serving = { connection } as unknown as Serving;
  const handover = new Handover(serving, { revive: async () => serving, onHanded() {} });
  const closed = createDeferred<void>();
  const image = { width: 2, height: 2, close: () => closed.resolve() } as ImageBitmap;
  const picture: QueuedRun = { ...run(Float32Array.of(1)), input: { kind: 'image', image } };
  await expect(postBatch([picture], { handover, watchdogMs: 60_000, help }).end).rejects.toBe(none);
  await closed.promise;
});

test('a batch says when it has begun, and is ended and asked back by what it was posted by', async () => {
  const asked: string[] = [];
  let posted: { readonly id: number; readonly begin: () => void } | undefined;
  const ended = createDeferred<never>();
  const connection: Partial<Connection> = {
    async run({ id }, { onBegun }) {
      posted = { id, begin: onBegun };
      return ended.promise;
    },
    recall: async (id) => void asked.push(`recall ${id}`),
    kill(reason, id) {
      asked.push(`kill ${id}`);
      ended.reject(reason);
    },
  };
  const serving = { connection } as unknown as Serving;
  const handover = new Handover(serving, { revive: async () => serving, onHanded() {} });
  const runs = [run(Float32Array.of(1)), run(Float32Array.of(2))];
  const batch = postBatch(
    runs.map((run) => ({ ...run, isSecondTry: true })),
    { handover, watchdogMs: 60_000, help },
  );
  await expect.poll(() => posted).toBeDefined();
  expect(batch.hasBegun).toBe(false);
  posted?.begin();
  expect(batch.hasBegun).toBe(true);
  batch.recall();
  batch.terminate();
  // A caller had them ended, and those whose callers stay are done again.
  await expect(batch.end).resolves.toMatchObject([{ ok: 'again' }, { ok: 'again' }]);
  expect(asked).toEqual([`recall ${posted?.id}`, `kill ${posted?.id}`]);
});
