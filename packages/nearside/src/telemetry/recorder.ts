import { type ErrorCode, record } from '@nearside/core';
import type { OpeningStats } from '../model.js';
import type { Observation } from '../protocol.js';
import { type ReporterOptions, type ReportTarget, startReporter } from './reporter.js';
import { type RunDurations, type Tally, tallyFailure, tallyFeedback, tallyRun } from './tally.js';

/** Counts what a version does: for the model's whole life, and for the window reported next. */
export interface Recorder {
  /** @param quarantined backends tried before that failed */
  opened(opening: OpeningStats, more: { readonly quarantined: number }): void;
  /** A backend failed later, while it was tried beside the one that serves or soon after it took over. */
  quarantined(): void;
  ran(durations: RunDurations, observation: Observation | undefined): void;
  failed(code: ErrorCode): void;
  aborted(): void;
  /** @param observation of the run it refers to; undefined when that is forgotten */
  feedback(observation: Observation | undefined, label: string): void;
  close(): Promise<void>;
}

export interface RecorderOptions extends Omit<ReporterOptions, 'target'> {
  /** Where to report; undefined for nowhere. */
  readonly target: ReportTarget | undefined;
  /** Counted into as well, whether reports are sent or not. */
  readonly lifetime: Tally;
}

export function createRecorder({ target, lifetime, ...options }: RecorderOptions): Recorder {
  const reporter = target && startReporter({ ...options, target });

  function count(into: (tally: Tally) => void): void {
    into(lifetime);
    if (reporter) into(reporter.window);
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
    quarantined: () =>
      count((tally) => {
        tally.quarantines += 1;
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
    close: async () => reporter?.close(),
  };
}
