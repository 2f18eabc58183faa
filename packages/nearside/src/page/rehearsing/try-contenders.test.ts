import { NearsideError, type Variant } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import type { AvailableBackend } from '../../shared/api/backends.js';
import { planAsOpen } from '../../testing/plan-as-open.js';
import { conclude, type Rehearsal, tryContenders } from './try-contenders.js';

const PIN = `sha256-${'A'.repeat(43)}`;
const HOSTED = ['onnx-wasm', 'tfjs-wasm'] as const;

const variant = (name: string, runtime: 'onnx' | 'tfjs') =>
  ({ name, runtime, dtype: name, files: [] }) as unknown as Variant;

async function rehearsal(
  changes: Partial<Rehearsal> = {},
  hosted: readonly AvailableBackend[] = HOSTED,
): Promise<Rehearsal> {
  return {
    plan: await planAsOpen('https://cdn.example/models/m', { trust: PIN }, { hosted }),
    variants: [variant('int8', 'onnx'), variant('uint8', 'tfjs')],
    isCommon: false,
    memoryBytes: 1_000,
    limitBytes: 10_000,
    missingBytes: { int8: 20_000, uint8: 30_000 },
    modelsOf: async (variant) => {
      throw new NearsideError('file-missing', `no graph file of ${variant}`);
    },
    isOfCall: () => false,
    ...changes,
  };
}

test('a model that needs more memory than there is does not fit, and nothing of it is made', async () => {
  const told = await rehearsal({
    memoryBytes: 20_000,
    modelsOf: () => expect.unreachable('it was made'),
  });
  const answer = await tryContenders(told, {});
  expect(answer).toMatchObject({ verdict: 'no', fits: false, memoryBytes: 20_000 });
  expect(answer.rows.map(({ code }) => code)).toEqual(['out-of-memory', 'out-of-memory']);
  expect(answer.rows[0]?.message).toMatch(
    /at most 10000 bytes of memory, got one that needs 20000/,
  );
});

test('without graph files it is unknown, and the smallest download is named', async () => {
  const answer = await tryContenders(await rehearsal(), {});
  expect(answer).toMatchObject({
    verdict: 'unknown',
    fits: undefined,
    estimatedMs: undefined,
    backend: 'tfjs-wasm',
    variant: 'uint8',
    downloadBytes: 380_000, // with its runtime, which was not started
  });
});

test.each([
  ['no JSPI', {}],
  [
    'JSPI that throws',
    {
      Suspending: class {
        constructor() {
          throw new TypeError('refused');
        }
      },
      promising() {},
    },
  ],
  ['half of JSPI', { Suspending: class {} }],
])(
  'where a GPU is and %s, `onnx-webgpu` is no-backend, and nothing of it is made',
  async (_what, engine) => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => ({}) } });
    vi.stubGlobal('WebAssembly', engine);
    const modelsOf = () => expect.unreachable('it was made');
    const told = await rehearsal({ modelsOf }, ['onnx-webgpu']);
    const { verdict, rows } = await tryContenders(told, {});
    vi.unstubAllGlobals();
    expect([verdict, rows[0]?.code]).toEqual(['no', 'no-backend']);
    expect(rows[0]?.message).toBe(
      'onnx-webgpu: expected JSPI (`WebAssembly.Suspending`), got none.',
    );
  },
);

test('a runtime beyond what may be fetched is not tried', async () => {
  const answer = await tryContenders(await rehearsal(), { maxBytes: 400_000 });
  expect(answer.rows.map(({ backend, code }) => [backend, code])).toEqual([
    ['tfjs-wasm', 'file-missing'],
    ['onnx-wasm', 'download-limit'],
  ]);
});

test('a model that no backend here has a variant for cannot run', async () => {
  const answer = await tryContenders(await rehearsal({ variants: [] }), {});
  expect(answer).toMatchObject({ verdict: 'no', backend: undefined, downloadBytes: 0, rows: [] });
});

test('a variant with the `dtype` of an earlier one is the answer only where that one did not run', () => {
  const variants = ['int8', 'int8-lean'].map((name) => ({
    ...variant(name, 'onnx'),
    dtype: 'fp32',
  }));
  const row = (variant: string, estimatedMs: number | undefined) => {
    const same = { backend: 'onnx-wasm', heapBytes: 1, threads: 1, downloadBytes: 1 } as const;
    return { ...same, variant, estimatedMs, code: undefined, message: undefined };
  };
  const told = { isNo: false, declaredBytes: 1, variants };
  const both = conclude([row('int8-lean', 10), row('int8', 11)], told);
  expect(both).toMatchObject({ variant: 'int8', estimatedMs: 11 });
  const one = conclude([row('int8-lean', 10), row('int8', undefined)], told);
  expect(one).toMatchObject({ variant: 'int8-lean', estimatedMs: 10 });
});

test('a failure of the call itself is thrown, and so is an abort', async () => {
  await expect(tryContenders(await rehearsal({ isOfCall: () => true }), {})).rejects.toMatchObject({
    code: 'file-missing',
  });
  const controller = new AbortController();
  const told = await rehearsal();
  const plan = { ...told.plan, signal: controller.signal };
  const modelsOf = async () => {
    controller.abort('left');
    throw new Error('whatever');
  };
  await expect(tryContenders({ ...told, plan, modelsOf }, {})).rejects.toBe('left');
});

test('without WebGPU its backends say so', async () => {
  const answer = await tryContenders(await rehearsal({}, ['onnx-webgpu']), {});
  expect(answer).toMatchObject({ verdict: 'no', backend: 'onnx-webgpu' });
  expect(answer.rows[0]).toMatchObject({ code: 'no-backend' });
});

test('a contender that `open` would leave out after pages died is not tried; where each is, the verdict is no', async () => {
  const leaveOut =
    (...backends: string[]): NonNullable<Rehearsal['requireLife']> =>
    ({ backend }) => {
      if (backends.includes(backend)) throw new NearsideError('page-lost', 'the browser ended it');
      return undefined;
    };
  const one = await tryContenders(await rehearsal({ requireLife: leaveOut('onnx-wasm') }), {});
  expect(one.rows.map(({ backend, code }) => [backend, code])).toEqual([
    ['tfjs-wasm', 'file-missing'],
    ['onnx-wasm', 'page-lost'],
  ]);
  expect(one.verdict).toBe('unknown');
  const both = await rehearsal({ requireLife: leaveOut('onnx-wasm', 'tfjs-wasm') });
  expect(await tryContenders(both, {})).toMatchObject({ verdict: 'no', fits: false });
});

test('a contender that a page died of trying is not tried, and the verdict is unknown: `open` may do with less', async () => {
  const requireLife = () => {
    throw new NearsideError('page-lost', 'it died', { details: { phase: 'tuning' } });
  };
  const modelsOf = () => expect.unreachable('it was made');
  const answer = await tryContenders(await rehearsal({ requireLife, modelsOf }), {});
  expect(answer).toMatchObject({ verdict: 'unknown', fits: undefined });
  expect(answer.rows.map(({ code }) => code)).toEqual(['page-lost', 'page-lost']);
});

test('the page is marked while a contender is tried, however that ends, and never without one', async () => {
  const marks: unknown[] = [];
  await tryContenders(await rehearsal({ mark: (contender) => marks.push(contender?.backend) }), {});
  expect(marks).toEqual(['tfjs-wasm', undefined, 'onnx-wasm', undefined]);
});
