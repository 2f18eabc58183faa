import { afterEach, expect, test } from 'vitest';
import { clear } from '../page/clear.js';
import { createEngine } from '../page/create-engine.js';
import { OPEN_KINDS, RUN_KINDS } from '../page/options/call-options.js';
import { ALL_OPEN_KINDS } from '../page/options/late-options.js';
import { checkRunOptions } from '../page/options/later/check-calls.js';
import { checkStorageOptions } from '../page/running/later/storage.js';
import { runtimeAssets } from '../page/runtime-assets.js';
import { checkStreamOptions } from '../page/streaming/later/frame-stream.js';
import { planAsOpen } from '../testing/plan-as-open.js';
import { AVAILABLE_BACKENDS } from './api/backends.js';
import type { OpenOptions } from './api/open-options.js';

const plan = (address: string, options: OpenOptions) =>
  planAsOpen(address, options, { hosted: AVAILABLE_BACKENDS });

const url = 'https://cdn.example/models/digits';
const trust = `sha256-${'A'.repeat(43)}`;
const integrity = `${trust}=`;

/** What anybody may read of a plan, part by part. */
const FIELDS: Record<string, readonly string[]> = {
  plan: [
    ...Object.keys(OPEN_KINDS).filter((name) => !['integrity', 'backend'].includes(name)),
    'unsigned',
    'backends',
    'contenders',
    'isBackendForced',
    'address',
    'prefix',
  ],
  trust: ['pin', 'sealSha256'],
  policy: Object.keys(OPEN_KINDS.policy.fields ?? {}),
  tune: ['when', ...Object.keys(OPEN_KINDS.tune.fields ?? {})],
  report: ['receivers', 'sampleRate', 'app', 'consent'],
  request: Object.keys(ALL_OPEN_KINDS.request.fields ?? {}),
};

/** Of every table of options, and what is no option of anybody's. */
const NAMES = new Set([
  ...[OPEN_KINDS, RUN_KINDS].flatMap((kinds) => Object.keys(kinds)),
  ...Object.values(FIELDS).flat(),
  'to',
  'backpressure',
  'maxWaiting',
  'onError',
  'persist',
  'directory',
  'from',
  'runs',
  'memoryBudgetBytes',
  'model',
  'everything',
  'wasmModule',
  'fields',
  'isRequired',
  'error',
]);

/** It is found out wherever it is taken for an option. */
const POISON = () => 'poison';

afterEach(() => {
  for (const name of NAMES) delete (Object.prototype as Record<string, unknown>)[name];
});

async function polluted<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const value = { value: POISON, configurable: true, writable: true };
  Object.defineProperty(Object.prototype, name, value);
  try {
    return await work();
  } finally {
    delete (Object.prototype as Record<string, unknown>)[name];
  }
}

test.for([...NAMES])('open takes no %s from a prototype', async (name) => {
  const givens = [
    { trust },
    { integrity },
    { trust, policy: {}, tune: {}, request: {}, report: url },
    { trust, policy: {}, tune: {}, request: {}, report: { to: [url] } },
  ];
  await polluted(name, async () => {
    for (const given of givens) {
      const planned = await plan(url, given);
      const { trust, policy, tune, report = {}, request = {} } = planned;
      const parts = { plan: planned, trust, policy, tune, report, request };
      for (const [part, fields] of Object.entries(parts)) {
        const isRead = FIELDS[part]?.includes(name) && fields !== undefined;
        const isThere = part === 'plan' || Object.keys(fields).length > 0;
        const value = (fields as Record<string, unknown>)[name];
        if (isRead && isThere) expect(value, `${part}.${name}`).not.toBe(POISON);
      }
    }
  });
});

test.for([...NAMES])('no other call takes %s from a prototype', async (name) => {
  await polluted(name, async () => {
    checkRunOptions({});
    checkStorageOptions();
    const { signal, onError, maxWaiting } = checkStreamOptions([], {});
    expect([signal, onError, maxWaiting]).toEqual([undefined, 'end', 64]);
    expect(runtimeAssets().length).toBeGreaterThan(0);
    expect(createEngine().stats()).toEqual({ models: [], workers: [], declaredBytes: 0 });
    await expect(clear({} as never)).rejects.toThrow('expected { model: name }');
  });
});

test('a call without options that it requires does not find them on a prototype', async () => {
  for (const name of ['trust', 'integrity']) {
    await polluted(name, async () => {
      await expect(plan(url, {})).rejects.toThrow(TypeError);
    });
  }
});

test('options are read once, as the object has them itself', async () => {
  let reads = 0;
  class Inherited {
    readonly trust = trust;
    get backend() {
      return 'onnx-webgpu' as const;
    }
  }
  expect((await plan(url, new Inherited())).isBackendForced).toBe(false);
  const changing = {
    get trust() {
      reads += 1;
      return trust;
    },
  };
  await plan(url, changing);
  expect(reads).toBe(1);
});
