import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { transferablesOf } from '../../../shared/protocol.js';
import { snapshotInput } from '../snapshot-input.js';
import { refuseInput } from './refuse-input.js';
import { snapshotOther } from './snapshot-other.js';

const spec = { name: 'meters', task: 'read-meters', inputs: [] } as unknown as ModelSpec;

const snap = async (input: unknown, transfer = false) =>
  snapshotInput(input as never, spec, { transfer, takeOther: snapshotOther, refuse: refuseInput });

test('a task’s input is a copy, or with transfer the caller’s no more from the call on', async () => {
  const kept = { samples: Float32Array.of(1, 2), name: 'a' };
  const copied = await snap(kept);
  kept.samples.fill(9);
  const given = { samples: Float32Array.of(3, 4), name: 'b' };
  const taken = await snap(given, true);
  expect([kept.samples.length, given.samples.length]).toEqual([2, 0]);
  expect(copied).toMatchObject({ value: { samples: Float32Array.of(1, 2), name: 'a' } });
  expect(taken).toMatchObject({ value: { samples: Float32Array.of(3, 4), name: 'b' } });
  const { value } = taken as { value: typeof given };
  expect(transferablesOf(taken)).toEqual([value.samples.buffer]);
  expect(transferablesOf(taken)[0]).toBe(value.samples.buffer);
});

test('what cannot be cloned is input-invalid and says why, also with transfer', async () => {
  for (const transfer of [false, true]) {
    await expect(
      snap({ onEnd: () => {}, none: new ArrayBuffer(0) }, transfer),
    ).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(/^meters: .*'read-meters'.*could not be cloned/),
    });
    const unreadable = Object.defineProperty({}, 'rows', {
      enumerable: true,
      get() {
        throw new Error('no paper');
      },
    });
    await expect(snap(unreadable, transfer)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('no paper'),
    });
  }
});

test('what its caller has given away before is input-detached, wherever it is in the input', async () => {
  for (const transfer of [false, true]) {
    const samples = new Float32Array(4);
    structuredClone(null, { transfer: [samples.buffer] });
    for (const input of [samples, { parts: [samples] }]) {
      await expect(snap(input, transfer)).rejects.toMatchObject({ code: 'input-detached' });
    }
  }
});
