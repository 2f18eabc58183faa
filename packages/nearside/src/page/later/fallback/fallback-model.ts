import type { NearsideError } from '@nearside/core';
import type { AvailableBackend, BackendFailure } from '../../../shared/api/backends.js';
import type { ModelEmitter } from '../../../shared/api/events.js';
import type { Model, ModelStats } from '../../../shared/api/model.js';
import type { Fallback } from '../../../shared/api/open-options.js';
import type { Input, RunOptions, RunResult } from '../../../shared/api/run.js';
import { asResults, type ModelStream, NO_FRAMES, OVER } from '../../../shared/api/streams.js';
import { NO_OPTIONS, ownOptions } from '../../../shared/check-options.js';
import { variantsFor } from '../../../shared/contenders.js';
import {
  announceRun,
  type EndedRun,
  type RunObserver,
  type ServedVersion,
} from '../../../shared/ended-run.js';
import { closedError } from '../../../shared/failures.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import { checkOutcome, checkRunOptions, checkTruth } from '../../options/call-options.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { profileModel } from '../../running/later/profile-model.js';
import { checkStorageOptions } from '../../running/later/read-storage.js';
import { refuseInput } from '../../running/later/refuse-input.js';
import { snapshotOther } from '../../running/later/snapshot-other.js';
import { releaseSnapshot, snapshotInput, takesOthers } from '../../running/snapshot-input.js';
import { checkStreamOptions } from '../../streaming/later/frame-stream.js';
import { scoreWith } from '../../streaming/later/score.js';
import { resultsLater } from '../../streaming/lazy-results.js';
import { startCounting } from '../../telemetry/later/counting.js';
import { reportFailedOpen } from '../../telemetry/later/report-failed-open.js';
import { UNCOUNTED } from '../../telemetry/lifetime.js';
import { startRecording } from '../../telemetry/recording.js';
import type { EngineContext } from '../../workers/engine-context.js';
import type { EngineModel } from '../../workers/memory-budget.js';
import { askFallback, fallbackMeta } from './fallback.js';

export interface FallbackModelParts {
  readonly fallback: Fallback;
  /** Why no backend serves. */
  readonly error: NearsideError;
  /** What was opened, if it came so far: without it nothing can be reported, and no input checked. */
  readonly version: OpenedVersion | undefined;
  readonly plan: OpenPlan;
  readonly engine: EngineContext;
  readonly emitter: ModelEmitter;
  readonly startMs: number;
}

/** A model that no backend of this device serves: the app's own function answers every run. */
export function createFallbackModel(parts: FallbackModelParts): Model {
  const { fallback, error, version, plan, engine, emitter } = parts;
  const release = version?.release ?? { model: plan.address.model, version: '0.0.0' };
  const failures = failuresOf(error, plan);
  const atMs = Date.now();
  const served = servedVersion(version, plan);
  const counting = {
    emitter,
    // Without a version nobody has read who this install is: its failed open has a report of its own.
    plan: version ? plan : { ...plan, report: undefined },
    identity: version?.install ?? { id: '', cohort: 0 },
  };
  if (!version) void reportFailedOpen(plan, error);
  const opening = { kind: 'not-opened', served, code: error.code } as const;
  const recording = startRecording(counting, async () => ({ startCounting }), opening);
  const { lifetime, totals } = recording;
  const totalMs = performance.now() - parts.startMs;
  const visit = crypto.randomUUID().slice(0, 8);
  const closing = new AbortController();
  let closed: Promise<void> | undefined;
  const observers: RunObserver[] = [
    (run) => recording.tell({ kind: 'ran', ...run, heapBytes: 0 }),
    announceRun(emitter),
  ];
  let runs = 0;

  async function run(input: Input, given: RunOptions = NO_OPTIONS): Promise<RunResult> {
    const calledMs = performance.now();
    const options = ownOptions(given);
    checkRunOptions(options);
    const { signal } = options;
    signal?.throwIfAborted();
    closing.signal.throwIfAborted();
    runs += 1;
    const id = `${visit}-${runs}`;
    const tell = (outcome: EndedRun['outcome'], totalMs = performance.now() - calledMs) => {
      const run = { id, served, totalMs, outcome, waiting: 0, series: undefined };
      for (const observe of observers) observe(run);
    };
    try {
      if (version) await requireFit(input, version);
    } catch (unfit) {
      tell({ kind: 'failed', code: (unfit as NearsideError).code });
      throw unfit;
    }
    try {
      const output = await askFallback(fallback, input, [signal, closing.signal]);
      const totalMs = performance.now() - calledMs;
      tell({ kind: 'fell-back' }, totalMs);
      const meta = fallbackMeta({ id, release, totalMs, cold: runs === 1 });
      return { output: output as RunResult['output'], meta };
    } catch (thrown) {
      const hasLeft = signal?.aborted || closing.signal.aborted;
      tell(hasLeft ? { kind: 'aborted' } : { kind: 'failed', code: error.code });
      throw thrown;
    }
  }

  /** A bad input is the caller's own here too. */
  async function requireFit(input: Input, { spec }: OpenedVersion): Promise<void> {
    const takeOther = takesOthers(spec) ? snapshotOther : undefined;
    releaseSnapshot(
      await snapshotInput(input, spec, { transfer: false, takeOther, refuse: refuseInput }),
    );
  }

  /** Of what only a backend could do. */
  const refusal = () => (closing.signal.aborted ? closing.signal.reason : error);

  function stats(): ModelStats {
    const steps = { metadata: 0, weights: 0, runtime: 0, session: 0, check: 0 };
    return {
      model: release.model,
      version: release.version,
      variant: 'fallback',
      backend: 'fallback',
      runtime: undefined,
      threads: 0,
      hardware: 'none',
      workers: 0,
      heapBytes: undefined,
      verdict: 'unproven',
      choice: 'none',
      quarantined: failures.map((failure) => ({ ...failure, atMs })),
      ok: lifetime.ok,
      errors: Object.fromEntries(lifetime.errors),
      aborted: lifetime.aborted,
      invalid: lifetime.invalid,
      fallbacks: lifetime.fallbacks,
      waiting: 0,
      ...UNCOUNTED,
      opening: {
        origin: version?.origin ?? 'network',
        totalMs,
        steps,
        fetchedBytes: 0,
        healedChunks: 0,
        failures,
      },
      reports: plan.report && { ...totals },
    };
  }

  async function close(): Promise<void> {
    if (!closing.signal.aborted) closing.abort(closedError(release.model));
    engine.models.delete(place);
    closed ??= recording.close();
    return closed;
  }

  /** Nothing of it is loaded that could rest. */
  const place: EngineModel = {
    name: release.model,
    workers: [],
    close,
    lastUsedMs: parts.startMs,
    mayRest: false,
    isResting: false,
    rest: () => false,
    wake: async () => {},
  };
  engine.models.add(place);

  return {
    run: run as Model['run'],
    score: (inputs, options) =>
      resultsLater(async () => scoreWith({ run, closing: closing.signal }, inputs, options)),
    stream: (source, options) =>
      refusedStream(() => {
        checkStreamOptions(source, options).signal?.throwIfAborted();
        return refusal();
      }),
    profile: (input, options) => profileModel({ run }, input, options),
    feedback(id, truth) {
      checkTruth(truth);
      recording.tell({ kind: 'feedback', id, truth });
    },
    outcome(name, value, { id } = {}) {
      checkOutcome(name, value);
      recording.tell({ kind: 'outcome', name, value, id });
    },
    stats,
    on: emitter.on,
    explainBackend: async () =>
      failures.map((failure) => ({ ...failure, verdict: 'quarantined' as const })),
    update: () => Promise.reject(refusal()),
    warm: () => Promise.reject(refusal()),
    remember: () => Promise.reject(refusal()),
    async storage(options) {
      closing.signal.throwIfAborted();
      checkStorageOptions(options);
      throw error;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Reports name the backend that was tried first, and the variant it would have run. */
function servedVersion(version: OpenedVersion | undefined, plan: OpenPlan): ServedVersion {
  const [backend] = plan.backends as readonly [AvailableBackend];
  const { variants = [] } = version?.spec ?? {};
  const variant = variantsFor(backend, variants)[0] ?? variants[0];
  const described: ServedVersion['version'] = version ?? {
    release: { model: plan.address.model, version: '0.0.0', sequence: 0 },
    manifestSha256: '',
    assignment: undefined,
  };
  return { version: described, backend, variant: { name: variant?.name ?? 'none' } };
}

/** One that the caller forced fails with its own error. */
function failuresOf(
  { code, message, details: { failures } }: NearsideError,
  { backends: [backend] }: OpenPlan,
): readonly BackendFailure[] {
  if (Array.isArray(failures)) return failures;
  return [{ backend: backend as AvailableBackend, variant: undefined, code, message }];
}

/**
 * A stream that says at its first `next()` why there is none. The source is not touched.
 *
 * @param refusal asked then; may throw instead
 */
export function refusedStream(refusal: () => unknown): ModelStream {
  let isOver = false;
  const results = asResults<never>({
    async next() {
      if (isOver) return OVER;
      isOver = true;
      throw refusal();
    },
    async return() {
      isOver = true;
      return OVER;
    },
  });
  return { ...results, reset() {}, stats: NO_FRAMES };
}
