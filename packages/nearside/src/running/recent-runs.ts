import type { Observation } from '../protocol.js';
import type { Recorder } from '../telemetry/recorder.js';

/** Runs remembered for feedback; older ones are forgotten. About 100 kB. */
const REMEMBERED = 1000;

/** A run as feedback needs it. */
export interface RecentRun {
  /** Of the version that did it. */
  readonly recorder: Recorder;
  /** Undefined for a model without a baseline. */
  readonly observation: Observation | undefined;
}

/** The runs of this page visit that feedback can still refer to. */
export interface RecentRuns {
  nextId(): string;
  remember(id: string, run: RecentRun): void;
  find(id: string): RecentRun | undefined;
}

export function createRecentRuns(): RecentRuns {
  const runs = new Map<string, RecentRun>();
  const visit = crypto.randomUUID().slice(0, 8);
  let count = 0;
  return {
    nextId() {
      count += 1;
      return `${visit}-${count}`;
    },
    remember(id, run) {
      runs.set(id, run);
      const oldest = runs.keys().next().value;
      if (runs.size > REMEMBERED && oldest !== undefined) runs.delete(oldest);
    },
    find: (id) => runs.get(id),
  };
}
