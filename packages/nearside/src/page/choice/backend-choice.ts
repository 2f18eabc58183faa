import type { ErrorCode, ModelSpec, Variant } from '@nearside/core';
import type {
  AvailableBackend,
  ChoiceOrigin,
  LostPage,
  OnnxRuntime,
  Quarantined,
} from '../../shared/api/backends.js';
import {
  type Contender,
  isSameContender,
  runtimeOf,
  variantsFor,
} from '../../shared/contenders.js';
import { LIBRARY_VERSION } from '../../shared/library-version.js';
import type { Answers } from '../../shared/protocol.js';
import type { OpenPlan } from '../options/plan-opening.js';
import type { Care } from './later/ladder.js';
import { browserName } from './page-mark.js';

/** A contender that was timed. */
export interface Measured extends Contender {
  /** Median of a run of the first golden case, ms; undefined when it took too long to be timed. */
  readonly p50Ms: number | undefined;
}

/** A device's memory of a model's backends. It says where to start, and proves nothing. */
export interface ChoiceRecord {
  /** `measured` and `quarantined` hold for these: see {@link choiceCircumstances}. */
  readonly circumstances: string;
  /** The GPU they hold for; undefined before anybody looked. */
  readonly adapter: string | undefined;
  /** The next `open` starts with it. */
  readonly start: Contender | undefined;
  readonly measured: readonly Measured[];
  /** `full` where the version has trapped on the common file, or got wrong numbers from it. */
  readonly onnxRuntime: 'full' | undefined;
  /** Contenders that would fail again: see {@link isLasting}. */
  readonly quarantined: readonly Quarantined[];
}

export const EMPTY_RECORD: ChoiceRecord = Object.freeze({
  circumstances: '',
  adapter: undefined,
  start: undefined,
  measured: [],
  onnxRuntime: undefined,
  quarantined: [],
});

/** Such a failure is the contender's nature: the same bytes on the same device fail again. */
export function isLasting(code: ErrorCode): boolean {
  return code === 'golden-mismatch' || code === 'operator-unsupported';
}

/**
 * Names the version, the library, the major version of the browser, and what decides about threads: isolation, and the
 * number that the app asks for.
 */
export function choiceCircumstances(sequence: number | undefined, threads?: number): string {
  const isolation = globalThis.crossOriginIsolated === true ? 'isolated' : 'shared';
  const wanted = `${threads ?? 'default'}-threads`;
  return [sequence, LIBRARY_VERSION, browserName(), wanted, isolation].join(' ');
}

/** An open model's knowledge of its contenders, which it passes to the next `open`. */
export interface BackendChoice {
  origin: ChoiceOrigin;
  readonly record: ChoiceRecord;
  /** The record says more than what was remembered. */
  readonly isChanged: boolean;
  /** Failures that say nothing of the next visit, of backends that have not served since. */
  passing: readonly Quarantined[];
  /** By `contenderName`: why a contender was passed over, and its bytes, for people. */
  readonly remarks: Map<string, { bytes?: number | undefined; message?: string | undefined }>;
  /** Nothing is remembered and no download is known in size: the first worker can tell where to start. */
  isSizeUnknown: boolean;
  /** The model has variants for these, as far as is known without a worker: a hint. */
  runtimes: readonly string[] | undefined;
  /** Answers of a CPU to cases of an unsigned model, for a GPU to reproduce. */
  answers: Answers | undefined;
  /** `onnx-wasm` is started with this file. */
  onnxRuntime: OnnxRuntime;
  /** Undefined where no page has died lately. */
  caution: Caution | undefined;
  /** The backend that served last, then those that the model has variants for, then the others. */
  openingOrder(): AvailableBackend[];
  /** The variant to load on a backend; undefined when each has failed for good. */
  pickVariant(backend: AvailableBackend, spec: ModelSpec): Variant | undefined;
  /** To be called when a contender serves. */
  settle(
    contender: Contender,
    how: { readonly sequence: number; readonly haveOthersFailed: boolean },
  ): void;
  /** Forgets all but `start` where the record is of another version: it says nothing of this one. */
  startAnewFor(sequence: number | undefined): void;
  /** Adds findings about the version that the record speaks of. */
  change(found: Partial<ChoiceRecord>): void;
  /** Called after each change of the record; `remember-choice.ts` sets it, once that is loaded. */
  onChange: (() => void) | undefined;
}

/** Leaves out of the usual choice what must not be opened again after pages died. */
export interface Caution {
  readonly care: Care;
  /** The deaths, as callers are told of them. */
  readonly lost: readonly LostPage[];
  /** Why there is one thread; undefined where there would be no more without any deaths. */
  readonly threadsReason: string | undefined;
  /** @param usual the order without any deaths */
  order(usual: readonly AvailableBackend[]): AvailableBackend[];
  /** The variants that a backend may load. @throws NearsideError `page-lost` where no backend may load any */
  allowed(
    backend: AvailableBackend,
    spec: ModelSpec,
    usual: readonly AvailableBackend[],
  ): Variant[];
  /** Pages died of work beside runs that was done for a contender, so that is left out. */
  keepsFrom(phase: 'warming' | 'tuning' | 'updating', contender: Contender): boolean;
}

export function createBackendChoice(
  plan: Pick<OpenPlan, 'backends' | 'contenders' | 'isBackendForced' | 'threads'>,
  remembered: ChoiceRecord,
): BackendChoice {
  let record = remembered;

  const isQuarantined = (contender: Contender) =>
    record.quarantined.some((failed) => isSameContender(failed, contender));

  function usualOrder(): AvailableBackend[] {
    const { start } = record;
    const first = plan.contenders.filter(
      (backend) => backend === start?.backend && !isQuarantined(start),
    );
    const likely = plan.backends.filter((backend) => choice.runtimes?.includes(runtimeOf(backend)));
    return [...new Set([...first, ...likely, ...plan.backends])];
  }

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
    answers: undefined,
    onnxRuntime: 'full',
    caution: undefined,
    isSizeUnknown: !record.start && plan.backends.length > 1,
    openingOrder: () => choice.caution?.order(usualOrder()) ?? usualOrder(),
    pickVariant(backend, spec) {
      const { variants, sequence } = spec;
      const allowed = choice.caution?.allowed(backend, spec, usualOrder());
      const isSpokenOf = record.circumstances === choiceCircumstances(sequence, plan.threads);
      const able = (allowed ?? variantsFor(backend, variants)).filter(
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
