import { type ErrorCode, record } from '@nearside/core';
import type { OpeningStats } from '../model.js';
import type { Observation } from '../protocol.js';
import type { Reporting } from './open-reporting.js';
import type { Reporter, ReporterOptions, ReportTarget } from './reporter.js';
import {
  createTally,
  type RunDurations,
  type Tally,
  tallyFailure,
  tallyFeedback,
  tallyRun,
} from './tally.js';

/** How long closing waits for the reporter's code, which may not be there yet, ms. */
const LAST_LOADING_MS = 2000;

/** Counts what a version does: for the model's whole life, and for the window reported next. */
export interface Recorder {
  /** @param quarantined backends tried before that failed */
  opened(opening: OpeningStats, more: { readonly quarantined: number }): void;
  ran(durations: RunDurations, observation: Observation | undefined): void;
  failed(code: ErrorCode): void;
  aborted(): void;
  /** @param observation of the run it refers to; undefined when that is forgotten */
  feedback(observation: Observation | undefined, label: string): void;
  close(): Promise<void>;
}

export interface RecorderOptions extends Omit<ReporterOptions, 'target' | 'begun' | 'store'> {
  /** Loads what reports are made with, which nothing before the first result has to wait for. */
  readonly loadReporting: () => Promise<Reporting>;
  /** Where to report; undefined for nowhere. */
  readonly target: ReportTarget | undefined;
  /** Counted into as well, whether reports are sent or not. */
  readonly lifetime: Tally;
}

export function createRecorder({
  target,
  lifetime,
  loadReporting,
  ...options
}: RecorderOptions): Recorder {
  const begun = { startMs: Date.now(), tally: createTally() };
  let reporter: Reporter | undefined;
  let starting: Promise<void> | undefined;
  let isClosed = false;
  if (target) void start();

  /** Never rejects: until there is a reporter its first window is counted, and closing tries again. */
  function start(): Promise<void> {
    starting ??= loadReporting().then(
      (reporting) => {
        if (target && !isClosed) reporter = reporting.start({ ...options, target, begun });
      },
      () => {
        starting = undefined;
      },
    );
    return starting;
  }

  function count(into: (tally: Tally) => void): void {
    into(lifetime);
    if (target) into(reporter?.window ?? begun.tally);
  }

  async function close(): Promise<void> {
    if (!target) return;
    let patience: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, LAST_LOADING_MS);
    });
    await Promise.race([start(), tooLate]);
    clearTimeout(patience);
    isClosed = true;
    await reporter?.close();
  }

  return {
    opened: ({ origin, totalMs, fetchedBytes }, { quarantined }) =>
      count((tally) => {
        tally.quarantines += quarantined;
        if (origin === 'network') tally.coldStarts += 1;
        else tally.cacheHits += 1;
        tally.bytesFetched += fetchedBytes;
        record(tally.load, totalMs);
      }),
    ran: (durations, observation) => count((tally) => tallyRun(tally, durations, observation)),
    failed: (code) => count((tally) => tallyFailure(tally, code)),
    aborted: () =>
      count((tally) => {
        tally.aborted += 1;
      }),
    feedback: (observation, label) =>
      count((tally) => {
        if (!observation) tally.unmatchedFeedback += 1;
        else tallyFeedback(tally, observation.confidenceBin, observation.label === label);
      }),
    close,
  };
}
