import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import type { OpenPlan } from '../opening/plan-opening.js';
import type { Serving } from '../opening/serving.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { createBackendChoice } from './backend-choice.js';
import { choiceCircumstances, EMPTY_RECORD, parseChoice } from './choice-record.js';
import { explainBackend } from './explain-backend.js';
import { forgetBrokenRecord } from './forget-broken-record.js';

const START = { backend: 'onnx-wasm', variant: 'int8' } as const;

const HERE = choiceCircumstances(1);

const QUARANTINED = {
  backend: 'tfjs-wasm',
  variant: 'fp32',
  code: 'golden-mismatch',
  message: 'wrong numbers',
  atMs: 1_700_000_000_000,
} as const;

const WHOLE = {
  circumstances: HERE,
  adapter: 'a gpu',
  start: START,
  measured: [
    { ...START, p50Ms: 1 },
    { ...START, p50Ms: undefined, isPassing: true },
  ],
  quarantined: [QUARANTINED, { ...QUARANTINED, variant: undefined }],
} as const;

const PLAN = {
  backends: ['tfjs-wasm', 'onnx-wasm'],
  contenders: ['onnx-wasm', 'tfjs-wasm'],
  isBackendForced: false,
  tune: { when: 'off' },
  policy: { saveData: 'ignore' },
} as unknown as OpenPlan;

const SPEC = {
  sequence: 1,
  variants: [
    { name: 'int8', runtime: 'onnx' },
    { name: 'fp32', runtime: 'tfjs' },
  ],
} as unknown as ModelSpec;

/** A model that is opened while `remembered` lies in the store. */
function opened(remembered: unknown) {
  const choice = createBackendChoice(PLAN, parseChoice(remembered));
  const isAble = (backend: AvailableBackend) => choice.pickVariant(backend, SPEC) !== undefined;
  const backend = choice.openingOrder().find(isAble) ?? 'onnx-wasm';
  const variant = choice.pickVariant(backend, SPEC);
  const serving = {
    backend,
    variant,
    version: { spec: SPEC, release: { sequence: 1 } },
    loaded: { times: {}, isProven: true },
  } as unknown as Serving;
  choice.settle(
    { backend, variant: variant?.name ?? '' },
    { sequence: 1, haveOthersFailed: false },
  );
  const explain = () => explainBackend(serving, { plan: PLAN, choice });
  return { choice, serving, explain };
}

test('a record that is broken anywhere is thrown away, and the model opens and explains itself', () => {
  const [measured] = WHOLE.measured;
  const broken: object[] = [
    { circumstances: undefined },
    { circumstances: 7 },
    { adapter: {} },
    { start: {} },
    { start: { ...START, variant: 7 } },
    ...[null, undefined, 7, {}, START.backend].map((one) => ({ measured: [measured, one] })),
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, '1', null].map((p50Ms) => ({
      measured: [{ ...measured, p50Ms }],
    })),
    { measured: [{ ...measured, isPassing: 'no' }] },
    { measured: [{ ...measured, variant: undefined }] },
    { measured: new Array(1) },
    ...[null, undefined, 7, {}].map((one) => ({ quarantined: [one] })),
    { quarantined: [{ ...QUARANTINED, backend: 7 }] },
    { quarantined: [{ ...QUARANTINED, variant: null }] },
    { quarantined: [{ ...QUARANTINED, code: 'network-failed' }] },
    { quarantined: [{ ...QUARANTINED, message: undefined }] },
    { quarantined: [{ ...QUARANTINED, atMs: 'yesterday' }] },
  ];
  for (const fields of broken) {
    const { choice, serving, explain } = opened({ ...WHOLE, ...fields });
    const { backend, variant } = serving;
    forgetBrokenRecord(choice, serving);
    const start = { backend, variant: variant.name };
    const title = JSON.stringify(fields);
    expect(choice.record, title).toEqual({ ...EMPTY_RECORD, circumstances: HERE, start });
    const verdicts = explain().map(({ verdict }) => verdict);
    expect([...verdicts].sort(), title).toEqual(['serving', 'untried']);
  }
});

test('a record that is whole stays as it is', () => {
  const { choice, serving } = opened(WHOLE);
  forgetBrokenRecord(choice, serving);
  expect(choice.record).toEqual(WHOLE);
});
