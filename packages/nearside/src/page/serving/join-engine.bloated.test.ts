import { expect, test } from 'vitest';
import type { EngineContext, EngineModel } from '../workers/engine-context.js';
import type { WorkerStatus } from '../workers/shared-workers.js';
import { replaceBloated } from './join-engine.js';

const MB = 1_000_000;

/** An engine with one worker for two models that declare 10 MB each. */
function engineWith({
  heap,
  loadedHeap = 16,
  idle = [true, true],
  models = 2,
}: {
  heap: number;
  loadedHeap?: number;
  idle?: boolean[];
  models?: number;
}) {
  const worker: WorkerStatus = {
    backend: 'onnx-wasm',
    models,
    declaredBytes: 20 * MB,
    calls: 0,
    isRetired: false,
    heapBytes: heap * MB,
    loadedHeapBytes: loadedHeap * MB,
  };
  const did: string[] = [];
  const residents = idle.map((isIdle, i) => {
    const rest = () => {
      did.push(`rest ${i}`);
      return true;
    };
    const wake = async () => {
      did.push(`wake ${i}`);
    };
    return { mayRest: isIdle, workers: [worker], rest, wake } as unknown as EngineModel;
  });
  const engine = {
    workers: { live: [worker] },
    models: new Set(residents),
  } as unknown as EngineContext;
  return { engine, worker, did };
}

test('a heap of twice what its models declare is kept', () => {
  const { engine, did } = engineWith({ heap: 40 });
  replaceBloated(engine);
  expect(did).toEqual([]);
});

test('one byte more, and all its models move to a new worker at once', () => {
  const { engine, worker, did } = engineWith({ heap: 40.000001 });
  replaceBloated(engine);
  expect(did).toEqual(['rest 0', 'wake 0', 'rest 1', 'wake 1']);
  expect(worker.isRetired).toBe(true);
});

test('not while one of them is in use, and not while a version is tried there', () => {
  const busy = engineWith({ heap: 100, idle: [true, false] });
  replaceBloated(busy.engine);
  const trying = engineWith({ heap: 100, models: 3 });
  replaceBloated(trying.engine);
  expect([...busy.did, ...trying.did]).toEqual([]);
});

test('what loading alone takes is no reason: a new worker would take it too', () => {
  const { engine, did } = engineWith({ heap: 100, loadedHeap: 60 });
  replaceBloated(engine);
  expect(did).toEqual([]);
});

test('a heap that the models need again after a replacement is left alone', () => {
  const { engine, worker, did } = engineWith({ heap: 100 });
  replaceBloated(engine);
  Object.assign(worker, { isRetired: false });
  replaceBloated(engine);
  expect(did.length).toBe(4);
});
