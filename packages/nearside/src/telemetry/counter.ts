import { record } from '@nearside/core';
import type { ModelEmitter } from '../events.js';
import { LIBRARY_VERSION } from '../library-version.js';
import type { OpenPlan } from '../opening/plan-opening.js';
import type { OpenedVersion } from '../protocol.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { deviceClass } from './device-class.js';
import type { InstallIdentity } from './install-identity.js';
import { keepLatency } from './keep-latency.js';
import { countFailure, type Lifetime } from './lifetime.js';
import type { Reporting } from './open-reporting.js';
import type { Recorder } from './recorder.js';
import type { ReportTotals } from './report-totals.js';
import type { Dimensions } from './seal-report.js';
import { type Tally, tallyFeedback, tallyRun } from './tally.js';

/** What all counters of one open model share. */
export interface CountingContext {
  readonly plan: OpenPlan;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
}

/** One version on one backend, as a report speaks of it. */
export interface CountedVersion {
  readonly version: Pick<OpenedVersion, 'release' | 'manifestSha256' | 'driftEdges' | 'arm'>;
  readonly variant: string;
  readonly backend: AvailableBackend;
  /** When it began to serve, Unix time, ms. */
  readonly startMs: number;
}

/** The recorder that counts: one version into its reports, if there are any, and its runs into the model's lifetime. */
export function createCounter(
  reporting: Reporting,
  { plan, identity, emitter, lifetime, totals }: CountingContext,
  counted: CountedVersion,
): Recorder {
  const recordLatency = keepLatency(lifetime);
  const reporter =
    plan.report &&
    reporting.start({
      target: plan.report,
      startMs: counted.startMs,
      totals,
      identity,
      driftEdges: counted.version.driftEdges,
      dimensions: dimensionsOf(counted),
      onSent: (id) => emitter.emit('report-sent', { id }),
      onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
    });

  function count(into: (tally: Tally) => void): void {
    if (reporter) into(reporter.window);
  }

  return {
    opened: (opening, { quarantined }) =>
      count((tally) => {
        tally.quarantines += quarantined;
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
        else tallyFeedback(tally, observation.confidenceBin, observation.label === label);
      }),
    close: async () => reporter?.close(),
  };
}

function dimensionsOf({ version, variant, backend }: CountedVersion): Omit<Dimensions, 'weight'> {
  const { model, version: name } = version.release;
  return {
    model,
    version: name,
    manifest: version.manifestSha256,
    library: LIBRARY_VERSION,
    variant,
    backend,
    device: deviceClass(),
    arm: version.arm,
  };
}
