import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { withMemoryFallback } from '../stores/fallback-store.js';
import { createMemoryStore } from '../stores/memory-store.js';
import { openVersionLedger } from './version-ledger.js';

const MODEL = { prefix: 'pin', model: 'digits', now: () => 1 };

function entry(sequence: number) {
  const release = { model: 'digits', version: `1.${sequence}.0`, sequence };
  return { release, bundle: new Uint8Array(1), chunks: [] };
}

test('without room for two versions the new one serves from memory, and the device goes on with the one that it has', async () => {
  const disk = createMemoryStore();
  await openVersionLedger(disk, MODEL).activate(entry(1), 'onnx');
  const full = async () => {
    throw new NearsideError('quota-exceeded', 'full');
  };
  const visit = withMemoryFallback({ ...disk, commit: full, transact: full });
  await openVersionLedger(visit, MODEL).activate(entry(2), 'onnx');
  expect(visit.degraded?.code).toBe('quota-exceeded');
  expect(await openVersionLedger(visit, MODEL).pointer()).toMatchObject({ active: 2, previous: 1 });
  const next = openVersionLedger(disk, MODEL);
  expect(await next.pointer()).toMatchObject({ active: 1, previous: undefined });
  expect(await next.failed()).toEqual(new Set());
});
