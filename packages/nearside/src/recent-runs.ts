import type { Observation } from './protocol.js';

/** Runs remembered for feedback; older ones are forgotten. About 100 kB. */
const REMEMBERED = 1000;

/** The runs of this page visit that feedback can still refer to. */
export interface RecentRuns {
  nextId(): string;
  remember(id: string, observation: Observation | undefined): void;
  recall(id: string): Observation | undefined;
}

export function createRecentRuns(): RecentRuns {
  const observations = new Map<string, Observation>();
  const visit = crypto.randomUUID().slice(0, 8);
  let count = 0;
  return {
    nextId() {
      count += 1;
      return `${visit}-${count}`;
    },
    remember(id, observation) {
      if (!observation) return;
      observations.set(id, observation);
      const oldest = observations.keys().next().value;
      if (observations.size > REMEMBERED && oldest !== undefined) observations.delete(oldest);
    },
    recall: (id) => observations.get(id),
  };
}
