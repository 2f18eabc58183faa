import { type ErrorCode, type ModelSpec, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { AvailableBackend } from '../../../shared/api/backends.js';
import { createModelEmitter } from '../../../shared/api/events.js';
import {
  type ChoiceRecord,
  choiceCircumstances,
  createBackendChoice,
  EMPTY_RECORD,
} from '../../choice/backend-choice.js';
import type { Opened, Serving } from '../serving.js';
import { type StartHelp, type StartSteps, startOnBackends } from '../start-version.js';
import { serveOther } from './roll-back.js';
import { tryBackends } from './try-backends.js';

const ONNX_ONLY = [{ name: 'int8', runtime: 'onnx' }];
const BOTH = [...ONNX_ONLY, { name: 'uint8', runtime: 'tfjs' }];
const TWO_ONNX = [...ONNX_ONLY, { name: 'fp32', runtime: 'onnx' }];

const help = async (): Promise<StartHelp> => ({ tryBackends, serveOther });

test('a version for ONNX alone goes on there at once: nothing failed, and nothing is weighed', async () => {
  const { search, seen } = device({ variants: ONNX_ONLY });
  const serving = await startOnBackends(...search, help);
  expect(serving).toMatchObject({ backend: 'onnx-wasm', quarantined: [] });
  expect(seen).toEqual(['open tfjs-wasm', 'close tfjs-wasm', 'open onnx-wasm', 'load int8']);
});

test('where nothing is known the one that answers after the fewest bytes serves', async () => {
  const { search, seen, choice } = device({ variants: BOTH, lightest: 'onnx-wasm' });
  expect(await startOnBackends(...search, help)).toMatchObject({
    backend: 'onnx-wasm',
    quarantined: [],
  });
  expect(seen).toEqual([
    'open tfjs-wasm',
    'weigh tfjs-wasm,onnx-wasm',
    'close tfjs-wasm',
    'open onnx-wasm',
    'load int8',
  ]);
  expect(choice.origin).toBe('prior');
});

test('what is remembered is not weighed, unless the version has no variant for it any more', async () => {
  const start = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
  const known = device({ variants: BOTH, remembered: { start } });
  expect(await startOnBackends(...known.search, help)).toMatchObject({ backend: 'tfjs-wasm' });
  expect(known.seen).toEqual(['open tfjs-wasm', 'load uint8']);
  const changed = device({ variants: ONNX_ONLY, remembered: { start } });
  expect(await startOnBackends(...changed.search, help)).toMatchObject({ backend: 'onnx-wasm' });
});

test('a forced backend that loads no variant is no-backend, and says which there are', async () => {
  const { search, seen } = device({ variants: ONNX_ONLY, backends: ['tfjs-wasm'] });
  await expect(startOnBackends(...search, help)).rejects.toMatchObject({
    code: 'no-backend',
    message: 'tfjs-wasm: expected a variant of digits for tfjs, got only onnx.',
  });
  expect(seen).toEqual(['open tfjs-wasm', 'close tfjs-wasm']);
});

test('a backend that fails leads to those that load a variant, and to no other', async () => {
  const backends = ['onnx-wasm', 'tfjs-wasm'] as const;
  const { search, seen } = device({ variants: ONNX_ONLY, backends, failing: ['int8'] });
  await expect(startOnBackends(...search, help)).rejects.toMatchObject({
    code: 'no-backend',
    details: { failures: [{ backend: 'onnx-wasm', variant: 'int8', code: 'golden-mismatch' }] },
  });
  expect(seen).toEqual(['open onnx-wasm', 'load int8', 'close onnx-wasm']);
});

test('wrong numbers of one variant lead to the other backend first, then to the next variant', async () => {
  const { search, seen } = device({
    variants: [...TWO_ONNX, { name: 'uint8', runtime: 'tfjs' }],
    backends: ['onnx-wasm', 'tfjs-wasm'],
    failing: ['int8', 'uint8'],
    remembered: { start: { backend: 'onnx-wasm', variant: 'int8' } },
  });
  expect(await startOnBackends(...search, help)).toMatchObject({
    variant: { name: 'fp32' },
    quarantined: [{ variant: 'int8' }, { variant: 'uint8' }],
  });
  expect(seen.filter((step) => step.startsWith('load'))).toEqual([
    'load int8',
    'load uint8',
    'load fp32',
  ]);
});

test('what is quarantined is passed over, and tried when nothing else is left', async () => {
  const failed = { code: 'golden-mismatch', message: 'wrong', atMs: 0 } as const;
  const quarantined = [{ backend: 'onnx-wasm', variant: 'int8', ...failed }] as const;
  const { search, seen } = device({
    variants: BOTH,
    backends: ['onnx-wasm', 'tfjs-wasm'],
    failing: ['uint8'],
    remembered: { quarantined, start: { backend: 'tfjs-wasm', variant: 'uint8' } },
  });
  const [context, , steps] = search;
  const serving = await tryBackends(context, ['onnx-wasm', 'tfjs-wasm'], steps);
  expect(serving).toMatchObject({ backend: 'onnx-wasm', variant: { name: 'int8' } });
  expect(seen.filter((step) => step.startsWith('load'))).toEqual(['load uint8', 'load int8']);
});

test('bytes that do not verify lead nowhere else', async () => {
  const { search, seen } = device({ variants: BOTH, failing: ['uint8'], code: 'digest-mismatch' });
  await expect(startOnBackends(...search, help)).rejects.toMatchObject({ code: 'digest-mismatch' });
  expect(seen).not.toContain('open onnx-wasm');
});

test('a worker that was lost through another model is started again, and again, and is then at fault', async () => {
  const lost = { code: 'worker-lost', details: { isAnothers: true } } as const;
  const { search, seen } = device({ variants: BOTH, failing: ['uint8'], ...lost });
  expect(await startOnBackends(...search, help)).toMatchObject({ backend: 'onnx-wasm' });
  expect(seen.filter((step) => step === 'load uint8')).toHaveLength(3);
});

interface Device {
  readonly variants: readonly { readonly name: string; readonly runtime: string }[];
  readonly backends?: readonly AvailableBackend[];
  readonly remembered?: Partial<ChoiceRecord>;
  readonly lightest?: AvailableBackend;
  /** Variants that cannot be loaded, and why. */
  readonly failing?: readonly string[];
  readonly code?: ErrorCode;
  readonly details?: Record<string, unknown>;
}

/** Workers that do as the table says; what they were asked is in `seen`. */
function device({
  variants,
  backends = ['tfjs-wasm', 'onnx-wasm'],
  remembered,
  lightest,
  failing = [],
  code = 'golden-mismatch',
  details,
}: Device) {
  const seen: string[] = [];
  const spec = { name: 'digits', sequence: 1, variants } as unknown as ModelSpec;
  const steps: StartSteps = {
    async open(backend) {
      seen.push(`open ${backend}`);
      const connection = {
        async lightest(able: readonly string[]) {
          seen.push(`weigh ${able.join()}`);
          return lightest;
        },
        close: async () => seen.push(`close ${backend}`),
      };
      const version = { spec, release: { sequence: 1 }, origin: 'network' };
      return { connection, backend, version } as unknown as Opened;
    },
    async load(opened, variant) {
      const { name } = variant;
      seen.push(`load ${name}`);
      if (failing.includes(name)) throw new NearsideError(code, `${name} fails`, { details });
      return { ...opened, variant, quarantined: [] } as unknown as Serving;
    },
  };
  const isBackendForced = backends.length === 1;
  const plan = {
    backends,
    contenders: backends,
    isBackendForced,
    threads: undefined,
    address: { model: 'digits' },
  };
  const record = { ...EMPTY_RECORD, circumstances: choiceCircumstances(1), ...remembered };
  const choice = createBackendChoice(plan, record);
  const context = { plan, choice, emitter: createModelEmitter() };
  return { search: [context as never, choice.openingOrder(), steps] as const, seen, choice };
}
