import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { transferablesOf, type WireInput } from '../../../shared/protocol.js';
import { type QueuedRun, RETAINED_BYTES } from '../post-batch.js';
import { redoLost } from './redo-lost.js';

const LOST = new NearsideError('worker-lost', 'Lost.', { retryable: true });
/** With the batch under way. */
const UNDER_WAY = { error: LOST, hasBegun: true };

function run(input: WireInput, more: Partial<QueuedRun> = {}): QueuedRun {
  return { input, isGiven: false, topK: undefined, priority: 'normal', isPosted: true, ...more };
}

function tensorOf(sizeBytes: number): WireInput {
  const x = { datatype: 'UINT8', shape: [sizeBytes], data: new Uint8Array(sizeBytes) } as const;
  return { kind: 'tensors', tensors: { x } };
}

test('what was kept is done again once; a Blob of any size, other inputs up to the limit', async () => {
  const image = new Blob([new Uint8Array(2 * RETAINED_BYTES)]);
  const runs = [run(tensorOf(RETAINED_BYTES)), run({ kind: 'image', image })];
  expect(await redoLost(runs, UNDER_WAY)).toMatchObject([{ ok: 'again' }, { ok: 'again' }]);
  expect(await redoLost(runs, UNDER_WAY)).toEqual([
    { ok: false, error: LOST },
    { ok: false, error: LOST },
  ]);
});

test('what went with its worker is retryable and says why it is not done again', async () => {
  const large = tensorOf(RETAINED_BYTES + 1);
  const given = tensorOf(8);
  for (const input of [large, given]) {
    structuredClone(input, { transfer: transferablesOf(input) }); // as posting does
  }
  const runs = [run(large), run(given, { isGiven: true })];
  const error = { code: 'worker-lost', retryable: true, cause: LOST };
  expect(await redoLost(runs, UNDER_WAY)).toMatchObject([
    { ok: false, error: { ...error, message: expect.stringContaining(`${RETAINED_BYTES} bytes`) } },
    { ok: false, error: { ...error, message: expect.stringContaining('the caller gave it away') } },
  ]);
});

test('what had not left when its worker was lost is done again, of any size and kind', async () => {
  const picture = { width: 2, height: 2, close() {} } as ImageBitmap;
  const runs = [
    run(tensorOf(RETAINED_BYTES + 1)),
    run(tensorOf(8), { isGiven: true }),
    run({ kind: 'image', image: picture }),
  ];
  const again = { ok: 'again', work: { isPosted: false } };
  expect(await redoLost(runs, UNDER_WAY)).toMatchObject([again, again, again]);
});

test('a picture of a call that is not done again is closed', async () => {
  let closed = 0;
  const count = () => {
    closed += 1;
  };
  const image = { codedWidth: 2, close: count } as unknown as VideoFrame;
  const stream = { id: 1, serving: {} } as never;
  for (const more of [{ stream }, { isSecondTry: true }]) {
    expect(await redoLost([run({ kind: 'image', image }, more)], UNDER_WAY)).toEqual([
      { ok: false, error: LOST },
    ]);
  }
  expect(closed).toBe(2);
});

test('what may be to blame has its second try alone; what is not keeps its one', async () => {
  const blameless = [
    { error: LOST, hasBegun: false },
    { error: new NearsideError('terminated', '', { details: { isOwn: true } }), hasBegun: true },
    {
      error: new NearsideError('worker-lost', '', { details: { isAnothers: true } }),
      hasBegun: true,
    },
  ];
  const runs = [run(tensorOf(8))];
  for (const loss of blameless) {
    expect(await redoLost(runs, loss)).toMatchObject([{ ok: 'again', isAlone: false }]);
  }
  expect(await redoLost(runs, UNDER_WAY)).toMatchObject([{ ok: 'again', isAlone: true }]);
  expect(await redoLost(runs, UNDER_WAY)).toMatchObject([{ ok: false }]);
});

test('a worker that is lost before it begins, again and again, is given up', async () => {
  const runs = [run(tensorOf(8))];
  const outcomes = [];
  for (let i = 0; i < 6; i += 1) {
    outcomes.push(...(await redoLost(runs, { error: LOST, hasBegun: false })));
  }
  expect(outcomes.map(({ ok }) => ok)).toEqual([...Array(5).fill('again'), false]);
});
