import { createDeferred } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  FETCHED,
  LOADED,
  never,
  type StandIn,
  until,
  VERSION,
  withStandIns,
} from '../../../testing/worker-stand-in.js';
import { Handover } from '../../serving/handover.js';
import type { ModelContext } from '../../serving/serving.js';
import type { EngineModel } from '../../workers/engine-context.js';
import { tuneBackends } from './tune-backends.js';

// Messages arrive, and time passes only when a test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the limit of a contender begins when its runtime is there, and downloads cost no time', async () => {
  const downloads = createDeferred<void>();
  const model = withStandIns((backend, tell) =>
    onlyOnOnnx(backend, {
      async load() {
        await downloads.promise;
        tell(FETCHED);
        return LOADED;
      },
    }),
  );
  const {
    asked,
    context: { choice },
  } = model;
  const tuning = tune(model);
  await until(() => asked.includes('load onnx-wasm'));
  vi.advanceTimersByTime(200_000);
  downloads.resolve();
  await tuning;
  expect(choice.passing).toEqual([]);
  expect(choice.record.measured.map(({ variant }) => variant)).toEqual(['int8', 'uint8', 'fp32']);
});

test('a variant that computes in the type of an earlier one is never opened for its speed, and its row says why', async () => {
  const variants = VERSION.spec.variants.map((one) => ({ ...one, dtype: 'fp32' }));
  const open = async () => ({ ...VERSION, spec: { ...VERSION.spec, variants } });
  const model = withStandIns(() => ({ open }));
  await tune(model);
  expect(model.asked.filter((call) => call === 'load onnx-wasm')).toHaveLength(1);
  const { record, remarks } = model.context.choice;
  expect(record.measured.map(({ variant }) => variant)).toEqual(['uint8', 'int8']);
  expect(remarks.get('fp32 on onnx-wasm')?.message).toMatch(/earlier variant .* same `dtype`/);
});

test('what a contender takes that hangs is spent, and no other is tried then', async () => {
  const model = withStandIns((backend, tell) =>
    onlyOnOnnx(backend, {
      load() {
        tell(FETCHED);
        return never();
      },
    }),
  );
  const {
    asked,
    context: { choice },
  } = model;
  const tuning = tune(model);
  await until(() => asked.includes('load onnx-wasm') && vi.getTimerCount() > 0);
  vi.advanceTimersByTime(60_000);
  await tuning;
  expect(choice.passing).toMatchObject([{ variant: 'int8', code: 'backend-failed' }]);
  expect(choice.remarks.get('fp32 on onnx-wasm')?.message).toBe('3000 ms are spent');
});

test('where there is no room beside other models no contender is tried, and none of them rests', async () => {
  const model = withStandIns(() => ({}), { memoryBudgetBytes: 25 });
  const other = await loadBeside(model.context);
  await tune(model);
  expect(model.asked).not.toContain('open onnx-wasm');
  expect(model.context.choice.remarks.get('int8 on onnx-wasm')?.message).toMatch(/no room/);
  expect(other.rests).toBe(0);
});

test('a contender is given up, and not blamed, when its room is taken while it opens', async () => {
  const model = withStandIns(
    (backend) =>
      onlyOnOnnx(backend, {
        async open() {
          other = await loadBeside(model.context);
          return VERSION;
        },
      }),
    { memoryBudgetBytes: 25 },
  );
  let other: Awaited<ReturnType<typeof loadBeside>> | undefined;
  await tune(model);
  const { choice } = model.context;
  expect(choice.remarks.get('int8 on onnx-wasm')?.message).toMatch(/^out-of-memory: .* 10 bytes/);
  expect(choice.passing).toEqual([]);
  expect(other?.rests).toBe(0);
});

test('where a GPU is and no JSPI, `onnx-webgpu` is not started, and its row says why', async () => {
  vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => ({ info: {} }) } });
  vi.stubGlobal('WebAssembly', {});
  const contenders = ['tfjs-wasm', 'onnx-webgpu', 'tfjs-webgpu'] as const;
  const model = withStandIns(() => ({}), { plan: { contenders } });
  await tune(model);
  expect(model.context.choice.remarks.get('int8 on onnx-webgpu')?.message).toBe(
    'no JSPI (`WebAssembly.Suspending`)',
  );
  expect(model.asked.filter((call) => /^open .*-webgpu/.test(call))).toEqual(['open tfjs-webgpu']);
});

test('a worker that hangs while it serves nobody does not keep tuning waiting', async () => {
  const model = withStandIns(() => ({ missingBytes: never }));
  const ended = expect(tune(model)).rejects.toMatchObject({ code: 'terminated' });
  await until(() => model.asked.includes('missingBytes tfjs-wasm'));
  vi.advanceTimersByTime(240_000);
  await ended;
});

/** Another model of the engine, of 10 bytes, that would rest if it were asked to. */
async function loadBeside({ engine }: ModelContext) {
  const place = await engine.workers.acquire({
    backend: 'tfjs-wasm',
    slot: 1,
    isolate: true,
    isUnsigned: false,
    isSure: false,
    runtime: undefined,
    threads: undefined,
    assets: undefined,
    worker: undefined,
  });
  place.declare(10);
  const other = { rests: 0 };
  const rest = () => {
    other.rests += 1;
    return true;
  };
  engine.models.add({ name: 'other', lastUsedMs: 0, rest } as unknown as EngineModel);
  return other;
}

/** Tunes beside a version that serves on TensorFlow.js and takes 10 ms. */
async function tune({ context, serve }: ReturnType<typeof withStandIns>): Promise<void> {
  const handover = new Handover(await serve(), {
    revive: () => Promise.reject(new Error('not lost')),
    onHanded() {},
  });
  await tuneBackends({
    ...context,
    handover,
    trial: { isUnderWay: false },
    isBusy: () => false,
    onPutOff() {},
    isWorthStart: () => false,
    signal: new AbortController().signal,
  });
}

function onlyOnOnnx(backend: string, answers: ReturnType<StandIn>): ReturnType<StandIn> {
  return backend === 'onnx-wasm' ? answers : {};
}
