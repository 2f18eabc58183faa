import {
  createHistogram,
  type ErrorCode,
  type Histogram,
  quantile,
  REPORT_LIMITS,
  record,
} from '@nearside/core';
import type { ModelEmitter } from '../../../shared/api/events.js';
import type { OpeningStats, ReportTotals } from '../../../shared/api/model.js';
import type { ServedVersion } from '../../../shared/ended-run.js';
import type { InstallIdentity } from '../../../shared/install.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import {
  isInvalidInput,
  type Lifetime,
  type LostWithVersion,
  type ModelEvent,
  type Recorded,
  type TimedRecord,
} from '../recorded.js';
import { watchDrift } from './drift.js';
import { createRunMemory, type PastRun, type RunMemory, tallyTruth } from './feedback.js';
import { type ReportSubject, subjectOf, subjectOfModel } from './report-subject.js';
import { openReporting, type Reporting } from './reporting.js';
import { tallyShadowed } from './shadow-tally.js';
import {
  increment,
  type Tally,
  tallyFailedOpen,
  tallyLost,
  tallyLostUpdate,
  tallyObservation,
  tallyQuarantine,
  tallyRun,
  updateOf,
} from './tally.js';

export interface CountingContext {
  readonly plan: Pick<OpenPlan, 'report' | 'store' | 'address'>;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
  /** Records from before counting began, the first first. */
  readonly early: TimedRecord[];
  /** Those that were too many to keep. */
  readonly lostEarly: number;
}

/** Counts what happens to an open model: into its lifetime, and into reports where there are any. */
export interface Counting {
  count(record: TimedRecord): void;
  /** Seals every report. */
  close(): Promise<void>;
}

export function startCounting(context: CountingContext): Counting {
  const { plan, emitter, lifetime, early, lostEarly } = context;
  const latency = createHistogram(3);
  const drift = watchDrift(emitter);
  lifetime.counted = () => ({ latencyMs: quantilesOf(latency), drift: drift.scores() });
  const reporting =
    plan.report &&
    openReporting(plan.report, {
      ...context,
      store: plan.store,
      address: plan.address,
      onSent: (id) => emitter.emit('report-sent', { id }),
      onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
    });
  const counter = reporting && new Counter(reporting, plan.address.model);
  if (lostEarly > 0) counter?.lose(lostEarly);

  function count(what: TimedRecord): void {
    counter?.count(what);
    if (what.kind !== 'ran' || what.outcome.kind !== 'ok') return;
    record(latency, Math.max(0, what.totalMs));
    const { observation } = what.outcome.reply;
    // Frames of a stream resemble each other: as evidence they would count for too much.
    if (observation && what.series !== 'stream') drift.observe(what.served, observation);
  }

  for (const what of early) count(what);
  setTimeout(() => early.splice(0)); // work beside runs, which begins in this turn, reads them too
  return {
    count,
    async close() {
      await counter?.settled;
      await reporting?.close();
    },
  };
}

/** Call → result, ms. */
function quantilesOf(latency: Histogram) {
  return {
    p50: quantile(latency, 0.5),
    p95: quantile(latency, 0.95),
    p99: quantile(latency, 0.99),
  };
}

type Ran = Extract<Recorded, { kind: 'ran' }>;
type Feedback = Extract<Recorded, { kind: 'feedback' }>;
type ShadowedRun = Extract<Recorded, { kind: 'shadowed' }>;
type AppOutcome = Extract<Recorded, { kind: 'outcome' }>;

/** A record may not have these names. */
const UNSENDABLE = /^(?:__proto__|constructor|prototype)$/;

/** Counts for reports: each version on each backend has one of its own. */
class Counter {
  readonly #reporting: Reporting;
  readonly #memory: RunMemory;
  /** Names that the app has given to outcomes. */
  readonly #outcomes = new Set<string>();
  readonly #known = new WeakMap<ServedVersion, ReportSubject>();
  #current: ReportSubject | undefined;
  /** Sequence of the version that it is about. */
  #sequence: number | undefined;
  readonly #model: string;
  /** The next run is the first after an open. */
  #isFirst = false;
  /** Unix time of the record that is being counted. */
  #nowMs = Date.now();
  /** Unix time of the last load: runs that were called before had to wait for it. */
  #loadedAtMs = 0;
  /** Feedback on runs of earlier visits waits until those are looked up. */
  #recalling = Promise.resolve();

  constructor(reporting: Reporting, model: string) {
    this.#reporting = reporting;
    this.#model = model;
    this.#memory = createRunMemory(reporting, model);
  }

  /** Resolves when all feedback is counted. */
  get settled(): Promise<void> {
    return this.#recalling;
  }

  /** Counts records that were lost. */
  lose(n: number): void {
    this.#into((tally) => increment(tally.loss, 'recorder-full', n));
  }

  count(what: TimedRecord): void {
    this.#nowMs = what.atMs;
    if ('served' in what && what.kind !== 'ran') {
      this.#current = this.#subjectOf(what.served);
      this.#sequence = what.served.version.release.sequence;
    }
    switch (what.kind) {
      case 'opened':
        this.#isFirst = true;
        this.#into((tally) => countOpen(tally, what.opening));
        break;
      case 'not-opened':
        this.#into((tally) => tallyFailedOpen(tally, what.code));
        break;
      case 'revived':
        this.#loadedAtMs = what.atMs;
        if (what.wasResting) this.#into(({ opens }) => record(opens.rest, what.tookMs));
        break;
      case 'ran':
        this.#countRun(what);
        break;
      case 'dropped':
        this.#into(({ stream }) => {
          stream.dropped += what.n;
        });
        break;
      case 'feedback':
        this.#countFeedback(what);
        break;
      case 'outcome':
        this.#countOutcome(what);
        break;
      case 'shadowed':
        this.#countShadowed(what);
        break;
      case 'deaths':
        this.#countDeaths(what.pages);
        break;
      case 'event':
        this.#into((tally) => countEvent(tally, what));
    }
  }

  /**
   * A death is counted for its version, if that is the one that serves; else for the model. An update is one of the side that
   * the install is on. Reports are sealed at once: this page may die as those did.
   */
  #countDeaths(pages: readonly LostWithVersion[]): void {
    const subjects = new Set([this.#current]);
    const ofModel = subjectOfModel(this.#model);
    for (const page of pages) {
      const subject = page.sequence === this.#sequence ? this.#current : ofModel;
      subjects.add(subject);
      this.#into((tally) => tallyLost(tally, page), subject);
      this.#into((tally) => tallyLostUpdate(tally, page.update));
    }
    for (const subject of subjects) {
      if (subject) void this.#reporting.of(subject, this.#nowMs).flush();
    }
  }

  #into(add: (tally: Tally) => void, subject = this.#current): void {
    if (subject) this.#reporting.of(subject, this.#nowMs).count(add);
  }

  #subjectOf(served: ServedVersion): ReportSubject {
    const subject = this.#known.get(served) ?? subjectOf(served);
    this.#known.set(served, subject);
    return subject;
  }

  #countRun(run: Ran): void {
    const { id, outcome, series } = run;
    const atMs = this.#nowMs;
    const subject = this.#subjectOf(run.served);
    this.#reporting.tracing?.ran(run, { dimensions: subject.dimensions, atMs });
    if (atMs < this.#loadedAtMs) this.#loadedAtMs = 0; // the clock was put back
    const isCold = this.#isFirst || atMs - run.totalMs < this.#loadedAtMs;
    this.#into((tally) => countEnd(tally, run, isCold), subject);
    if (outcome.kind !== 'ok') return;
    if (!series) this.#isFirst = false;
    this.#memory.remember(id, { subject, observation: outcome.reply.observation, atMs });
  }

  #countFeedback({ id, truth }: Feedback): void {
    const atMs = this.#nowMs;
    const settle = (run: PastRun | undefined) => {
      if (run) this.#into((tally) => tallyTruth(tally, run, { truth, atMs }), run.subject);
      else
        this.#into((tally) => {
          tally.unmatchedFeedback += 1;
        });
    };
    const run = this.#memory.find(id);
    if (run) {
      settle(run);
      return;
    }
    this.#recalling = this.#recalling
      .then(() => this.#memory.recall(id))
      .then(settle, () => settle(undefined));
  }

  #countShadowed(run: ShadowedRun): void {
    const subject = this.#subjectOf(run.by);
    const bin = run.servedReply.observation?.bins[subject.baseline?.confidence ?? -1] ?? -1;
    this.#into((tally) => {
      tally.shadow = tallyShadowed(tally.shadow, run, bin);
    }, subject);
  }

  #countOutcome({ name, value, id }: AppOutcome): void {
    const outcomes = this.#outcomes;
    const subject = id === undefined ? undefined : this.#memory.find(id)?.subject;
    if (outcomes.size < REPORT_LIMITS.outcomes && !UNSENDABLE.test(name)) outcomes.add(name);
    this.#into((tally) => {
      if (!outcomes.has(name)) {
        increment(tally.loss, 'recorder-full');
        return;
      }
      const [n, sum, squares] = tally.outcomes.get(name) ?? [0, 0, 0];
      tally.outcomes.set(name, [n + 1, sum + value, squares + value * value]);
    }, subject);
  }
}

function countOpen(tally: Tally, { origin, totalMs, fetchedBytes }: OpeningStats): void {
  tally.opens.tried += 1;
  tally.bytesFetched += fetchedBytes;
  if (origin !== 'files') record(tally.opens[origin], totalMs);
}

export function countEnd(tally: Tally, run: Ran, isCold: boolean): void {
  const { outcome, series } = run;
  if (outcome.kind === 'ok') {
    countResult(tally, run, { ...outcome, isCold });
  } else if (outcome.kind === 'aborted') {
    if (!series) tally.aborted += 1;
  } else if (outcome.kind === 'fell-back') {
    tally.fallbacks += 1;
  } else {
    tallyFailure(tally, series, outcome.code);
  }
}

function countResult(
  tally: Tally,
  { series, totalMs, waiting, heapBytes }: Ran,
  { reply, queueMs, isCold }: Extract<Ran['outcome'], { kind: 'ok' }> & { isCold: boolean },
): void {
  const { times, observation, batch } = reply;
  tally.busyMs += Math.max(0, times.run / batch);
  tally.heapPeakBytes = Math.max(tally.heapPeakBytes, heapBytes);
  if (observation) tallyObservation(tally, observation);
  if (series) {
    tally[series].ok += 1;
    record(tally[series].duration, Math.max(0, totalMs));
  } else {
    record(tally.queueDepth, waiting);
    tallyRun(tally, { total: totalMs, queue: queueMs, ...times }, isCold);
  }
}

function tallyFailure(tally: Tally, series: Ran['series'], code: ErrorCode): void {
  if (series) increment(tally[series].failed, code);
  else increment(isInvalidInput(code) ? tally.invalid : tally.errors, code);
}

/** Counts the events that reports hold. */
function countEvent(tally: Tally, { name, event }: ModelEvent): void {
  if (name === 'version-ready') updateOf(tally, event.version).installed += 1;
  if (name === 'version-failed') increment(updateOf(tally, event.version).failed, event.code);
  if (name === 'version-rolled-back') increment(updateOf(tally, event.from).rolledBack, event.code);
  if (name !== 'backend-quarantined') return;
  tallyQuarantine(tally, event);
}
