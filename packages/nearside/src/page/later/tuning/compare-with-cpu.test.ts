import { NearsideError } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import type { Answers, UnsignedModel, UnsignedRequest } from '../../../shared/protocol.js';
import { VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { Handover } from '../../serving/handover.js';
import { createReviver } from '../../serving/later/revive.js';
import { planUncompared, whyUncompared } from './compare-with-cpu.js';
import { tuneBackends } from './tune-backends.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

const TOLD: Answers = { files: { 'golden.json': new Blob(['{}']) }, objections: [] };

const ON_GPU = { backend: 'tfjs-webgpu', variant: 'uint8' } as const;

/** An unsigned model that serves on TensorFlow.js on a CPU, with time for so many answers. */
async function serve(
  answer: () => Promise<Answers>,
  {
    most = 1,
    watchdogMs = 120_000,
    ...unsigned
  }: Partial<UnsignedModel> & { readonly most?: number; readonly watchdogMs?: number } = {},
) {
  const plan = {
    policy: { warmUpMs: 60_000, watchdogMs },
    unsigned: { files: {}, spec: {}, fetchedBytes: 0, wantsComparison: true, ...unsigned },
  };
  const model = withStandIns(() => ({ openUnsigned: async () => VERSION, answer }), { plan });
  const spentMs: number[] = [];
  const options = {
    ...model.context,
    handover: { current: await model.serve() },
    budget: {
      chargeMs: (ms: number) => void spentMs.push(ms),
      objectionTo: () => (spentMs.length > most ? 'all is spent' : undefined),
    },
    signal: new AbortController().signal,
  };
  const count = () => model.asked.filter((call) => call.startsWith('answer')).length;
  return { options, choice: model.context.choice, spentMs, count };
}

test('the worker that serves answers once, and the time for that is spent: a GPU that it left none for is not tried', async () => {
  const { options, choice, spentMs, count } = await serve(async () => TOLD);
  expect(await whyUncompared(ON_GPU, options)).toBeUndefined();
  expect(await whyUncompared(ON_GPU, options)).toBeUndefined();
  expect([count(), spentMs.length]).toEqual([1, 1]);
  expect(Object.keys(choice.answers?.files ?? {})).toEqual(['golden.json']);
  const slow = await serve(async () => TOLD, { most: 0 });
  expect(await whyUncompared(ON_GPU, slow.options)).toBe('all is spent');
});

test('where no case can tell, or none was answered, the reason is told', async () => {
  const objections = ["case 'seeded': output 'y' is another each time"];
  const untold = await serve(async () => ({ files: {}, objections }));
  expect(await whyUncompared(ON_GPU, untold.options)).toBe(
    "no case can tell whether its numbers are right: case 'seeded': output 'y' is another each time",
  );
  const failed = await serve(() => Promise.reject(new Error('the stand-in is tired')));
  expect(await whyUncompared(ON_GPU, failed.options)).toBe(
    'no case can tell whether its numbers are right: the stand-in is tired',
  );
});

test('a worker that needs no longer for each of its runs than a run may take is not ended', async () => {
  const watchdogMs = 20;
  const slow = () => new Promise<Answers>((resolve) => setTimeout(resolve, 60, TOLD));
  const { options } = await serve(slow, { watchdogMs });
  expect(await whyUncompared(ON_GPU, options)).toBeUndefined();
  const hung = await serve(() => new Promise(() => {}), { watchdogMs });
  expect(await whyUncompared(ON_GPU, hung.options)).toMatch(/Expected an answer within 160 ms/);
});

test('nobody is asked where golden cases compare, other weights would answer, or nothing is to be compared', async () => {
  const signedOff = await serve(async () => TOLD, { wantsComparison: false });
  expect(await whyUncompared(ON_GPU, signedOff.options)).toMatch(/`selfCheck` is 'off'/);
  const golden = await serve(async () => TOLD, TOLD);
  expect(await whyUncompared(ON_GPU, golden.options)).toBeUndefined();
  const other = await serve(async () => TOLD);
  for (const contender of [
    { backend: 'onnx-webgpu', variant: 'fp32' },
    { backend: 'onnx-wasm', variant: 'int8' },
  ] as const) {
    expect(await whyUncompared(contender, other.options)).toMatch(/^without golden cases/);
  }
  expect([signedOff, golden, other].map(({ count }) => count())).toEqual([0, 0, 0]);
});

test('a GPU that the caller names is opened unproven, where the CPU took too long for its answers or ended the worker', () => {
  const hung = new NearsideError('backend-failed', 'no answer', { details: { limitMs: 60_000 } });
  const { context } = withStandIns(() => ({}), {
    plan: {
      isBackendForced: true,
      unsigned: { files: {}, spec: {}, fetchedBytes: 0, wantsComparison: true },
    },
  });
  const { plan } = context;
  for (const error of [hung, new NearsideError('worker-lost', 'an abort of wasm')]) {
    const { unsigned } = planUncompared(plan, error);
    expect(unsigned).toEqual({ ...plan.unsigned, wantsComparison: false });
    expect(() => planUncompared({ ...plan, unsigned }, error)).toThrow(error);
    expect(() => planUncompared({ ...plan, isBackendForced: false }, error)).toThrow(error);
  }
  for (const code of ['golden-mismatch', 'backend-failed', 'model-invalid'] as const) {
    const error = new NearsideError(code, 'of the GPU or the file');
    expect(() => planUncompared(plan, error)).toThrow(error);
  }
});

test('a GPU that takes over was given the answers, and so is the one that takes its place when it is lost', async () => {
  const gpu = { requestAdapter: async () => ({ info: { vendor: 'some' } }) };
  vi.stubGlobal('navigator', { gpu });
  const given: string[] = [];
  const model = withStandIns(
    (backend) => ({
      async openUnsigned({ files }: UnsignedRequest) {
        given.push([backend, ...Object.keys(files)].join());
        return VERSION;
      },
      answer: async () => TOLD,
      time: async () => (backend === 'tfjs-webgpu' ? 1 : 10),
    }),
    {
      plan: {
        contenders: ['tfjs-wasm', 'tfjs-webgpu'],
        unsigned: { files: { a: new Blob() }, spec: {}, fetchedBytes: 0, wantsComparison: true },
      },
    },
  );
  const { context } = model;
  const handover = new Handover(await model.serve(), {
    revive: createReviver(context),
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
  expect(handover.current.backend).toBe('tfjs-webgpu');
  handover.current.connection.kill(new Error('lost'));
  expect((await handover.awake()).backend).toBe('tfjs-webgpu');
  const onGpu = 'tfjs-webgpu,a,golden.json';
  expect(given).toEqual(['tfjs-wasm,a', onGpu, onGpu]);
});
