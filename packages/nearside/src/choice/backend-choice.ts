import type { ModelSpec, Variant } from '@nearside/core';
import type { OpenPlan } from '../open-options.js';
import { type AvailableBackend, runtimeOf } from '../runtime-assets.js';
import {
  type Candidate,
  isGuessable,
  isSameCandidate,
  listCandidates,
  orderByRuntime,
  orderByWeight,
} from './candidate-order.js';
import {
  type ChoiceOrigin,
  type ChoiceRecord,
  choiceCircumstances,
  EMPTY_RECORD,
  isLasting,
  type Quarantine,
  type Quarantined,
} from './choice-record.js';

/** Bytes of each variant's files that are still to be fetched, by its name. */
type MissingBytes = Readonly<Record<string, number>>;

type Write = (record: ChoiceRecord) => Promise<void>;

/** What one open model knows of its candidates, and tells the next `open`. */
export interface BackendChoice {
  readonly origin: ChoiceOrigin;
  readonly record: ChoiceRecord;
  /** Candidates that failed, now or before, and have not worked since. */
  readonly quarantined: readonly Quarantined[];
  /** Why candidates were passed over, and their bytes, for people: by {@link candidateName}. */
  readonly remarks: Map<string, { bytes?: number | undefined; message?: string | undefined }>;
  /** What serves first: what served last, then the others. */
  openingOrder(): AvailableBackend[];
  /**
   * On a device that knows nothing of the model, once the first worker knows its variants: the backend
   * that answers after fewer bytes, if that is another one.
   */
  findLighter(
    backend: AvailableBackend,
    look: { readonly spec: ModelSpec; readonly missingBytes: () => Promise<MissingBytes> },
  ): Promise<AvailableBackend | undefined>;
  /** The variant to load on a backend; undefined when each has failed for good. */
  pickVariant(backend: AvailableBackend, spec: ModelSpec): Variant | undefined;
  quarantine(failed: Quarantine, sequence: number | undefined): void;
  isQuarantined(candidate: Candidate): boolean;
  /** Takes back what is held against backends, when nothing else is left to try. */
  pardon(backends: readonly AvailableBackend[]): void;
  /** A candidate serves. */
  settle(
    candidate: Candidate,
    how: { readonly sequence: number; readonly isFallback: boolean },
  ): void;
  /** A backend that keeps losing workers loses what it has won. */
  demote(backend: AvailableBackend): void;
  /** What was found out about a version. */
  update(
    found: Partial<Omit<ChoiceRecord, 'circumstances'>>,
    about: { readonly sequence: number; readonly origin?: ChoiceOrigin },
  ): void;
  /** From now on what is found out is written, and what has been. A forced choice leaves no trace. */
  writeWith(write: Write): void;
  /** Until what is to be remembered is written. */
  saved(): Promise<void>;
}

export function createBackendChoice(
  plan: Pick<OpenPlan, 'backends' | 'candidates' | 'isBackendForced'>,
  remembered: ChoiceRecord,
): BackendChoice {
  let record = remembered;
  let isUnsaved = false;
  let origin: ChoiceOrigin = plan.isBackendForced ? 'forced' : 'prior';
  let write: Write | undefined;
  let saved: Promise<void> = Promise.resolve();
  /** Weighing takes one look; what the device remembers needs none. */
  let isUnweighed = record.start === undefined && plan.backends.length > 1;
  /** Failures that say nothing of the next visit. */
  let passing: Quarantined[] = [];

  /** In the order of what was found out; nobody waits for it, or suffers from it. */
  function save(): void {
    if (!write || !isUnsaved) return;
    isUnsaved = false;
    const [writeNow, what] = [write, record];
    saved = saved.then(() => writeNow(what)).catch(() => {});
  }

  function change(next: Partial<ChoiceRecord>): void {
    record = { ...record, ...next };
    isUnsaved = true;
    save();
  }

  /** What is held for another version says nothing of this one. */
  function speakOf(sequence: number | undefined): void {
    const circumstances = choiceCircumstances(sequence);
    if (sequence === undefined || record.circumstances === circumstances) return;
    record = { ...EMPTY_RECORD, circumstances, start: record.start };
  }

  const isQuarantined = (candidate: Candidate) =>
    record.quarantined.some((failed) => isSameCandidate(failed as Candidate, candidate));

  function pickVariant(backend: AvailableBackend, spec: ModelSpec): Variant | undefined {
    const isSpokenOf = record.circumstances === choiceCircumstances(spec.sequence);
    const able = variantsFor(backend, spec).filter(
      ({ name: variant }) => !isSpokenOf || !isQuarantined({ backend, variant }),
    );
    const { start } = record;
    const wanted = able.find(({ name: variant }) => isSameCandidate(start, { backend, variant }));
    return wanted ?? able[0];
  }

  return {
    get origin() {
      return origin;
    },
    get record() {
      return record;
    },
    get quarantined() {
      return [...record.quarantined, ...passing];
    },
    remarks: new Map(),
    openingOrder() {
      if (plan.isBackendForced) return [...plan.backends];
      const blamed = new Set(record.quarantined.map(({ backend }) => backend));
      const { start } = record;
      const isStart = (backend: AvailableBackend) =>
        backend === start?.backend && !isQuarantined(start);
      const rest = orderByRuntime(plan.backends).filter((backend) => !isStart(backend));
      return [
        ...plan.candidates.filter(isStart),
        ...rest.filter((backend) => !blamed.has(backend)),
        ...rest.filter((backend) => blamed.has(backend)),
      ];
    },
    async findLighter(backend, { spec, missingBytes }) {
      if (!isUnweighed) return undefined;
      isUnweighed = false;
      const guessable = listCandidates(spec.variants, plan.backends.filter(isGuessable));
      const missing = await missingBytes();
      // Weights that are all here came with a runtime.
      const loaded = guessable.filter(({ variant }) => missing[variant] === 0);
      const cachedRuntimes = new Set(loaded.map(({ backend }) => backend));
      const [first] = orderByWeight(guessable, { missingBytes: missing, cachedRuntimes });
      return first?.backend === backend ? undefined : first?.backend;
    },
    pickVariant,
    isQuarantined,
    quarantine(failed, sequence) {
      const entry = { ...failed, atMs: Date.now() };
      speakOf(sequence);
      const others = (all: readonly Quarantined[]) =>
        all.filter((one) => !isSameCandidate(one as Candidate, failed as Candidate));
      if (isLasting(entry.code)) change({ quarantined: [...others(record.quarantined), entry] });
      else passing = [...others(passing), entry];
    },
    pardon(backends) {
      change({
        quarantined: record.quarantined.filter(({ backend }) => !backends.includes(backend)),
      });
    },
    settle(candidate, { sequence, isFallback }) {
      const before = record;
      speakOf(sequence);
      passing = passing.filter(({ backend }) => backend !== candidate.backend);
      isUnweighed = false;
      const { start } = record;
      if (plan.isBackendForced) origin = 'forced';
      else if (isFallback) origin = 'fallback';
      else origin = isSameCandidate(start, candidate) ? 'remembered' : 'prior';
      if (!start || isQuarantined(start)) change({ start: candidate });
      else if (record !== before) change({});
    },
    demote(backend) {
      if (record.start?.backend === backend) change({ start: undefined, measured: [] });
    },
    update(found, { sequence, origin: why }) {
      const before = record;
      speakOf(sequence);
      if (why) origin = why;
      if (record !== before || Object.keys(found).length > 0) change(found);
    },
    writeWith(given) {
      if (plan.isBackendForced) return;
      write = given;
      save();
    },
    saved: () => saved,
  };
}

/** The variants a backend can load, in the publisher's order. */
function variantsFor(backend: AvailableBackend, { variants }: ModelSpec): Variant[] {
  return variants.filter(({ runtime }) => runtime === runtimeOf(backend));
}

export function candidateName({
  backend,
  variant,
}: {
  backend: string;
  variant?: string | undefined;
}) {
  return `${variant} on ${backend}`;
}
