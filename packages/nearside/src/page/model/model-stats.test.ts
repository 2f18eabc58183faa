import { expect, test } from 'vitest';
import type { BackendChoice } from '../choice/backend-choice.js';
import type { Serving } from '../serving/serving.js';
import { describeOpening, readStats, type StatsSources } from './model-stats.js';

const choice = { record: { quarantined: [] }, passing: [] } as unknown as BackendChoice;
const times = { weights: 1, runtime: 2, session: 3, check: 4 };

function serving(origin: string): Serving {
  return {
    backend: 'onnx-wasm',
    variant: { name: 'int8' },
    version: { origin, release: { model: 'm', version: '1.0.0' } },
    loaded: { times, threads: 1 },
    workerMs: 100,
    metadataMs: 10,
    failures: [],
    connection: { workers: [{ heapBytes: 16_777_216 }] },
  } as unknown as Serving;
}

test('a model at rest has no worker, and so no heap', () => {
  const ofModel = (isResting: boolean) =>
    readStats({
      handover: { current: serving('store'), isResting },
      choice,
      queue: { waiting: 0 },
      plan: {},
      recording: { lifetime: { errors: [] }, totals: {} },
    } as unknown as StatsSources);
  expect(ofModel(false)).toMatchObject({ workers: 1, heapBytes: 16_777_216 });
  expect(ofModel(true)).toMatchObject({ workers: 0, heapBytes: undefined });
});

test('steps of an opening have the time that its worker takes to start', () => {
  const { steps } = describeOpening(serving('network'), { choice, startMs: 0 });
  expect(steps).toEqual({ weights: 1, runtime: 102, session: 3, check: 4, metadata: 10 });
});
