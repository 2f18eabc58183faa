import { createDeferred } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Serving } from '../opening/serving.js';
import { createHandover } from '../running/handover.js';
import type { Recorder } from '../telemetry/recorder.js';
import {
  FETCHED,
  LOADED,
  never,
  type StandIn,
  until,
  withStandIns,
} from '../testing/worker-stand-in.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';

// Messages arrive, and time passes only when a test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('the limit of a contender begins when its runtime is there, and downloads cost no time', async () => {
  const downloads = createDeferred<void>();
  const { tuning, asked, choice } = await tune((backend, tell) =>
    onlyOnOnnx(backend, {
      async load() {
        await downloads.promise;
        tell(FETCHED);
        return LOADED;
      },
    }),
  );
  await until(() => asked.includes('load onnx-wasm'));
  vi.advanceTimersByTime(200_000);
  downloads.resolve();
  await tuning;
  expect(choice.passing).toEqual([]);
  expect(choice.record.measured.map(({ variant }) => variant)).toEqual(['int8', 'uint8', 'fp32']);
});

test('what a contender takes that hangs is spent, and no other is tried then', async () => {
  const { tuning, asked, choice } = await tune((backend, tell) =>
    onlyOnOnnx(backend, {
      load() {
        tell(FETCHED);
        return never();
      },
    }),
  );
  await until(() => asked.includes('load onnx-wasm') && vi.getTimerCount() > 0);
  vi.advanceTimersByTime(60_000);
  await tuning;
  expect(choice.passing).toMatchObject([{ variant: 'int8', code: 'backend-failed' }]);
  expect(choice.remarks.get('fp32 on onnx-wasm')?.message).toBe('3000 ms are spent');
});

/** Tunes beside a version that serves on TensorFlow.js and takes 10 ms. */
async function tune(standIn: StandIn, options?: Parameters<typeof withStandIns>[1]) {
  const { context, asked, serve } = withStandIns(standIn, options);
  const recorder = { quarantined() {}, close: async () => {} } as unknown as Recorder;
  const startShift = (serving: Serving) => ({ serving, recorder });
  const handover = createHandover(startShift(await serve()), {
    revive: () => Promise.reject(new Error('not lost')),
    onGoBack: async () => {},
  });
  const tuning = tuneBackends({
    ...{ ...context, handover, startShift, trial: { isUnderWay: false } },
    ...{ isBusy: () => false, onPutOff() {}, signal: new AbortController().signal },
  } satisfies TuningOptions);
  return { tuning, asked, choice: context.choice };
}

function onlyOnOnnx(backend: string, answers: ReturnType<StandIn>): ReturnType<StandIn> {
  return backend === 'onnx-wasm' ? answers : {};
}
