import {
  createHistogram,
  type DeviceClass,
  type ErrorCode,
  quantile,
  record,
} from '@nearside/core';
import type { ModelEmitter } from '../api/events.js';
import type { ReportTotals } from '../api/model.js';
import type { ServedVersion } from '../ended-run.js';
import { LIBRARY_VERSION } from '../library-version.js';
import type { OpenPlan } from '../options/plan-opening.js';
import type { InstallIdentity } from '../protocol.js';
import { countFailure, createLifetime, type Lifetime, type Recorder } from './lifetime.js';
import type { Reporting } from './reporter.js';
import type { Dimensions } from './seal-report.js';
import { type Tally, tallyFeedback, tallyRun } from './tally.js';

/** What all counters of one open model share. */
export interface CountingContext {
  readonly plan: Pick<OpenPlan, 'report' | 'store'>;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
}

/** One version on one backend, as a report speaks of it. */
export interface Counted {
  readonly served: ServedVersion;
  /** When it began to serve, Unix time, ms. */
  readonly startMs: number;
}

/** Four logical cores or fewer make a small desktop: half of what laptops have shipped since 2020. */
const SMALL_CORES = 4;

/** The recorder that counts: one version into its reports, if there are any, and its runs into the model's lifetime. */
export function createCounter(
  reporting: Reporting,
  { plan, identity, emitter, lifetime, totals }: CountingContext,
  { served, startMs }: Counted,
): Recorder {
  const recordLatency = keepLatency(lifetime);
  const reporter =
    plan.report &&
    reporting.start({
      target: plan.report,
      startMs,
      totals,
      identity,
      driftEdges: served.version.driftEdges,
      dimensions: dimensionsOf(served),
      onSent: (id) => emitter.emit('report-sent', { id }),
      onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
    });

  function count(into: (tally: Tally) => void): void {
    if (reporter) into(reporter.window);
  }

  return {
    opened: (opening, failures) =>
      count((tally) => {
        tally.quarantines += failures;
        if (!opening) return;
        const { origin, totalMs, fetchedBytes } = opening;
        if (origin === 'network') tally.coldStarts += 1;
        if (origin === 'store') tally.cacheHits += 1;
        tally.bytesFetched += fetchedBytes;
        record(tally.load, totalMs);
      }),
    quarantined: () =>
      count((tally) => {
        tally.quarantines += 1;
      }),
    ran(durations, observation) {
      recordLatency(durations.total);
      count((tally) => tallyRun(tally, durations, observation));
    },
    failed: (code) => count((tally) => countFailure(tally, code)),
    aborted: () =>
      count((tally) => {
        tally.aborted += 1;
      }),
    fellBack: () =>
      count((tally) => {
        tally.fallbacks += 1;
      }),
    feedback: (observation, label) =>
      count((tally) => {
        if (!observation) tally.unmatchedFeedback += 1;
        else {
          const confidence = observation.bins.find(([name]) => name === 'confidence');
          if (confidence) tallyFeedback(tally, confidence[1], observation.label === label);
        }
      }),
    close: async () => reporter?.close(),
  };
}

/** A report of its own for a version that failed before it ran anything on this page. */
export async function reportFailure(
  reporting: Reporting,
  context: CountingContext,
  { failed, code }: { readonly failed: ServedVersion; readonly code: ErrorCode },
): Promise<void> {
  const noRuns = { ...context, lifetime: createLifetime() };
  const counter = createCounter(reporting, noRuns, { served: failed, startMs: Date.now() });
  counter.failed(code);
  await counter.close();
}

function dimensionsOf({ version, variant, backend }: ServedVersion): Omit<Dimensions, 'weight'> {
  const { model, version: name } = version.release;
  return {
    model,
    version: name,
    manifest: version.manifestSha256,
    library: LIBRARY_VERSION,
    variant: variant.name,
    backend,
    device: deviceClass(),
    arm: version.arm,
  };
}

/**
 * Has `stats()` know how long runs take, from now on and over all versions of an open model.
 *
 * @returns what takes down one run: from its call to its result, ms
 */
function keepLatency(lifetime: Lifetime): (totalMs: number) => void {
  lifetime.latency ??= createHistogram(3);
  const histogram = lifetime.latency;
  lifetime.latencyMs = () => ({
    p50: quantile(histogram, 0.5),
    p95: quantile(histogram, 0.95),
    p99: quantile(histogram, 0.99),
  });
  return (totalMs) => record(histogram, Math.max(0, totalMs));
}

/** One of six classes, coarse on purpose: enough to compare latencies, too little to tell people apart. */
function deviceClass(): DeviceClass {
  const { navigator, process } = globalThis as {
    navigator?: Navigator & { userAgentData?: { mobile: boolean } };
    process?: unknown;
  };
  if (process && typeof document === 'undefined') return 'server';
  if (!navigator) return 'other';
  const agent = navigator.userAgent;
  if (navigator.userAgentData?.mobile || /iPhone|Android.+Mobile/.test(agent)) return 'phone';
  // iPadOS presents itself as a Mac, but no Mac has a touch screen.
  const ipad = /Macintosh/.test(agent) && navigator.maxTouchPoints > 1;
  if (ipad || /iPad|Android/.test(agent)) return 'tablet';
  return (navigator.hardwareConcurrency ?? SMALL_CORES) <= SMALL_CORES
    ? 'desktop-small'
    : 'desktop-large';
}
