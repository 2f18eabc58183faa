import type { ModelSpec, Variant } from '@nearside/core';
import type {
  AvailableBackend,
  ChoiceOrigin,
  OnnxRuntime,
  Quarantined,
} from '../../shared/api/backends.js';
import {
  type Contender,
  isSameContender,
  runtimeOf,
  variantsFor,
} from '../../shared/contenders.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { type ChoiceRecord, choiceCircumstances, EMPTY_RECORD } from './choice-record.js';

/** What one open model knows of its contenders, and tells the next `open`. */
export interface BackendChoice {
  origin: ChoiceOrigin;
  readonly record: ChoiceRecord;
  /** Whether the record says more than what was remembered. */
  readonly isChanged: boolean;
  /** Failures that say nothing of the next visit, of backends that have not served since. */
  passing: readonly Quarantined[];
  /** Why contenders were passed over, and their bytes, for people: by `contenderName`. */
  readonly remarks: Map<string, { bytes?: number | undefined; message?: string | undefined }>;
  /** Whether nothing is remembered and no download is known in size: the first worker can tell where to start. */
  isSizeUnknown: boolean;
  /** That the model has variants for, as far as is known without a worker: a hint. */
  runtimes: readonly string[] | undefined;
  /** Which file of it `onnx-wasm` is started with. */
  onnxRuntime: OnnxRuntime;
  /** What serves first: what served last, then what the model has variants for, then the others. */
  openingOrder(): AvailableBackend[];
  /** The variant to load on a backend; undefined when each has failed for good. */
  pickVariant(backend: AvailableBackend, spec: ModelSpec): Variant | undefined;
  /** A contender serves. */
  settle(
    contender: Contender,
    how: { readonly sequence: number; readonly haveOthersFailed: boolean },
  ): void;
  /** Forgets what was found out of another version: it says nothing of this one. `start` stays. */
  startAnewFor(sequence: number | undefined): void;
  /** What was found out of the version that the record speaks of. */
  change(found: Partial<ChoiceRecord>): void;
  /** Called after each change of the record; set by `remember-choice.ts`, when that is there. */
  onChange: (() => void) | undefined;
}

export function createBackendChoice(
  plan: Pick<OpenPlan, 'backends' | 'contenders' | 'isBackendForced' | 'threads'>,
  remembered: ChoiceRecord,
): BackendChoice {
  let record = remembered;

  const isQuarantined = (contender: Contender) =>
    record.quarantined.some((failed) => isSameContender(failed, contender));

  const choice: BackendChoice = {
    origin: plan.isBackendForced ? 'forced' : 'prior',
    get record() {
      return record;
    },
    get isChanged() {
      return record !== remembered;
    },
    passing: [],
    remarks: new Map(),
    runtimes: undefined,
    onnxRuntime: 'full',
    isSizeUnknown: !record.start && plan.backends.length > 1,
    openingOrder() {
      const { start } = record;
      const first = plan.contenders.filter(
        (backend) => backend === start?.backend && !isQuarantined(start),
      );
      const likely = plan.backends.filter((backend) =>
        choice.runtimes?.includes(runtimeOf(backend)),
      );
      return [...new Set([...first, ...likely, ...plan.backends])];
    },
    pickVariant(backend, { variants, sequence }) {
      const isSpokenOf = record.circumstances === choiceCircumstances(sequence, plan.threads);
      const able = variantsFor(backend, variants).filter(
        ({ name: variant }) => !(isSpokenOf && isQuarantined({ backend, variant })),
      );
      const { start } = record;
      const last = able.find(({ name: variant }) => isSameContender(start, { backend, variant }));
      return last ?? able[0];
    },
    settle(contender, { sequence, haveOthersFailed }) {
      choice.isSizeUnknown = false;
      choice.passing = choice.passing.filter(({ backend }) => backend !== contender.backend);
      const isRemembered = isSameContender(record.start, contender);
      if (!plan.isBackendForced) {
        choice.origin = haveOthersFailed ? 'others-failed' : isRemembered ? 'remembered' : 'prior';
      }
      choice.startAnewFor(sequence);
      if (!record.start || isQuarantined(record.start)) choice.change({ start: contender });
    },
    startAnewFor(sequence) {
      const circumstances = choiceCircumstances(sequence, plan.threads);
      if (sequence === undefined || record.circumstances === circumstances) return;
      choice.change({ ...EMPTY_RECORD, circumstances, start: record.start });
    },
    change(found) {
      record = { ...record, ...found };
      choice.onChange?.();
    },
    onChange: undefined,
  };
  return choice;
}
