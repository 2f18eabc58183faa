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
import { LIBRARY_VERSION } from '../../../shared/install.js';
import type { InstallIdentity } from '../../../shared/protocol.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { isInvalidInput, type Lifetime } from '../lifetime.js';
import type { ModelEvent, Recorded, TimedRecord } from '../recorded.js';
import { asCounted, type Counted } from './counted.js';
import { deviceClass } from './device-class.js';
import { watchDrift } from './drift.js';
import { openReporting, type Reporting } from './reporting.js';
import { createRunMemory, type PastRun } from './run-memory.js';
import {
  increment,
  type Tally,
  tallyFailedOpen,
  tallyObservation,
  tallyRun,
  updateOf,
} from './tally.js';
import { tallyTruth } from './tally-truth.js';

/** What is counted of one open model. */
export interface CountingContext {
  readonly plan: Pick<OpenPlan, 'report' | 'store' | 'address'>;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
  /** What happened before there was anybody to count it, and was too much to keep. */
  readonly lostEarly: number;
}

/** Counts what happens to an open model: into its lifetime, and into reports where there are any. */
export interface Counting {
  count(record: TimedRecord): void;
  /** Seals every report. */
  close(): Promise<void>;
}

/** Names that no record may have. */
const UNSENDABLE = /^(?:__proto__|constructor|prototype)$/;

type Ran = Extract<Recorded, { kind: 'ran' }>;

export function startCounting(context: CountingContext): Counting {
  const { plan, emitter, lifetime, lostEarly } = context;
  const latency = createHistogram(3);
  const drift = watchDrift(emitter);
  lifetime.counted = () => ({ latencyMs: quantilesOf(latency), drift: drift.scores() });
  const reporting =
    plan.report &&
    openReporting(plan.report, {
      ...context,
      store: plan.store,
      onSent: (id) => emitter.emit('report-sent', { id }),
      onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
    });
  const counter = reporting && countInto(reporting, plan.address.model);
  if (lostEarly > 0) counter?.lost(lostEarly);

  return {
    count(what) {
      counter?.count(what);
      if (what.kind !== 'ran' || what.outcome.kind !== 'ok') return;
      record(latency, Math.max(0, what.totalMs));
      const { observation } = what.outcome.reply;
      // frames of a stream resemble each other: as evidence they would count for too much
      if (observation && what.series !== 'stream') drift.observe(what.served, observation);
    },
    async close() {
      await counter?.settled();
      await reporting?.close();
    },
  };
}

/** Counts for reports: each version on each backend into its own. */
function countInto(reporting: Reporting, model: string) {
  const memory = createRunMemory(reporting, model);
  const outcomes = new Set<string>();
  /** Feedback on runs of earlier visits, which are looked up. */
  let recalling = Promise.resolve();
  const known = new WeakMap<ServedVersion, Counted>();
  let current: Counted | undefined;
  /** The next run is the first after an open. */
  let isFirst = false;
  /** When what is being counted happened. */
  let nowMs = Date.now();
  /** Runs that were called before had to wait for a load. */
  let loadedAtMs = 0;

  function countedAs(served: ServedVersion): Counted {
    const counted = known.get(served) ?? countedOf(served);
    known.set(served, counted);
    return counted;
  }

  function into(counted: Counted | undefined, add: (tally: Tally) => void): void {
    if (counted) reporting.of(counted, nowMs).count(add);
  }

  function ran(run: Ran): void {
    const { id, served, totalMs, outcome, waiting, series, heapBytes } = run;
    const atMs = nowMs;
    const counted = countedAs(served);
    reporting.tracing?.ran(run, { dimensions: counted.dimensions, atMs });
    if (atMs < loadedAtMs) loadedAtMs = 0; // a clock that was put back
    const isCold = isFirst || atMs - totalMs < loadedAtMs;
    if (outcome.kind === 'ok') {
      const { times, observation, batch } = outcome.reply;
      into(counted, (tally) => {
        tally.busyMs += Math.max(0, times.run / batch);
        tally.heapPeakBytes = Math.max(tally.heapPeakBytes, heapBytes);
        if (observation) tallyObservation(tally, observation);
        if (series) {
          tally[series].ok += 1;
          record(tally[series].duration, Math.max(0, totalMs));
          return;
        }
        record(tally.queueDepth, waiting);
        tallyRun(tally, { total: totalMs, queue: outcome.queueMs, ...times }, isCold);
      });
      if (!series) isFirst = false;
      memory.remember(id, { counted, observation, atMs });
      return;
    }
    into(counted, (tally) => {
      if (outcome.kind === 'aborted') tally.aborted += series ? 0 : 1;
      else if (outcome.kind === 'fell-back') tally.fallbacks += 1;
      else if (series) increment(tally[series].failed, outcome.code);
      else countFailure(tally, outcome.code);
    });
  }

  function opened(opening: OpeningStats): void {
    const { origin, totalMs, fetchedBytes } = opening;
    into(current, (tally) => {
      tally.opens.tried += 1;
      tally.bytesFetched += fetchedBytes;
      if (origin !== 'files') record(tally.opens[origin], totalMs);
    });
  }

  function feedback({ id, truth }: Extract<Recorded, { kind: 'feedback' }>): void {
    const atMs = nowMs;
    const settle = (run: PastRun | undefined) => {
      if (run) into(run.counted, (tally) => tallyTruth(tally, run, { truth, atMs }));
      else into(current, countUnmatched);
    };
    const run = memory.find(id);
    if (run) settle(run);
    else recalling = recalling.then(() => memory.recall(id)).then(settle, () => settle(undefined));
  }

  function outcome({ name, value, id }: Extract<Recorded, { kind: 'outcome' }>): void {
    const counted = (id === undefined ? undefined : memory.find(id)?.counted) ?? current;
    if (outcomes.size < REPORT_LIMITS.outcomes && !UNSENDABLE.test(name)) outcomes.add(name);
    into(counted, (tally) => {
      if (!outcomes.has(name)) {
        increment(tally.loss, 'recorder-full');
        return;
      }
      const [n, sum, squares] = tally.outcomes.get(name) ?? [0, 0, 0];
      tally.outcomes.set(name, [n + 1, sum + value, squares + value * value]);
    });
  }

  function count(what: TimedRecord): void {
    nowMs = what.atMs;
    if ('served' in what && what.kind !== 'ran') current = countedAs(what.served);
    switch (what.kind) {
      case 'opened':
        isFirst = true;
        opened(what.opening);
        break;
      case 'not-opened':
        into(current, (tally) => tallyFailedOpen(tally, what.code));
        break;
      case 'revived':
        loadedAtMs = what.atMs;
        if (!what.wasResting) break;
        into(current, ({ opens }) => record(opens.rest, what.tookMs));
        break;
      case 'ran':
        ran(what);
        break;
      case 'dropped':
        into(current, ({ stream }) => {
          stream.dropped += what.n;
        });
        break;
      case 'feedback':
        feedback(what);
        break;
      case 'outcome':
        outcome(what);
        break;
      case 'event':
        into(current, (tally) => countEvent(tally, what));
    }
  }

  return {
    count,
    lost: (n: number) => into(current, (tally) => increment(tally.loss, 'recorder-full', n)),
    settled: () => recalling,
  };
}

function countFailure(tally: Tally, code: ErrorCode): void {
  increment(isInvalidInput(code) ? tally.invalid : tally.errors, code);
}

function countUnmatched(tally: Tally): void {
  tally.unmatchedFeedback += 1;
}

/** What listeners are told of too. */
function countEvent(tally: Tally, { name, event }: ModelEvent): void {
  if (name === 'version-ready') updateOf(tally, event.version).installed += 1;
  if (name === 'version-failed') increment(updateOf(tally, event.version).failed, event.code);
  if (name === 'version-rolled-back') increment(updateOf(tally, event.from).rolledBack, event.code);
  if (name !== 'backend-quarantined') return;
  const { backend, variant = 'none', code } = event;
  const key = `${backend} ${variant} ${code}`;
  const known = tally.quarantines.get(key) ?? { backend, variant, code, n: 0 };
  tally.quarantines.set(key, { ...known, n: known.n + 1 });
}

/** How reports name what served. */
export function countedOf({ version, variant, backend, loaded }: ServedVersion): Counted {
  const { model, version: name } = version.release;
  const { arm, version: assigned, experiment } = version.assignment ?? {};
  return asCounted({
    baseline: loaded?.baseline,
    dimensions: {
      model,
      ...(version.manifestSha256 && {
        version: name,
        manifest: version.manifestSha256,
        variant: variant.name,
        backend,
      }),
      library: LIBRARY_VERSION,
      device: deviceClass(),
      ...(arm && { arm, assigned, ...(experiment && { experiment }) }),
    },
  });
}

/** Call → result, ms. */
function quantilesOf(latency: Histogram) {
  return {
    p50: quantile(latency, 0.5),
    p95: quantile(latency, 0.95),
    p99: quantile(latency, 0.99),
  };
}
