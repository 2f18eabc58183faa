import { type ErrorCode, shareOnce } from '@nearside/core';
import { keepTrying } from '../later/keep-trying.js';
import type { OpeningStats } from '../model.js';
import type { Observation } from '../protocol.js';
import { settlesWithin } from '../timing/awake-timer.js';
import { countFailure, type Lifetime } from './lifetime.js';
import type { RunDurations } from './tally.js';

/** How long closing waits for the code that counts, which may not be there yet, ms. */
const LAST_LOADING_MS = 2000;

/** What is kept to be counted until then: far more than happens before the first result. */
const EARLY = 1000;

/** Takes down what happens to a version on a backend. */
export interface Recorder {
  /**
   * @param opening undefined where no backend came to serve
   * @param quarantined backends tried before that failed
   */
  opened(opening: OpeningStats | undefined, more: { readonly quarantined: number }): void;
  /** A backend failed later, while it was tried beside the one that serves or soon after it took over. */
  quarantined(): void;
  ran(durations: RunDurations, observation: Observation | undefined): void;
  failed(code: ErrorCode): void;
  aborted(): void;
  /** The app's own function answered a run. */
  fellBack(): void;
  /** @param observation of the run it refers to; undefined when that is forgotten */
  feedback(observation: Observation | undefined, label: string): void;
  close(): Promise<void>;
}

/**
 * A recorder that keeps what happens until there is a counter, which is loaded later.
 *
 * @param loadCounter resolves after the first result; what happens before is counted then. Where it
 *   fails it is asked again, and once more by `close`
 */
export function createRecorder(lifetime: Lifetime, loadCounter: () => Promise<Recorder>): Recorder {
  const early: ((counter: Recorder) => void)[] = [];
  let counter: Recorder | undefined;
  let isClosed = false;
  const load = shareOnce(async () => {
    const loaded = await loadCounter();
    if (isClosed) return loaded.close();
    counter = loaded;
    for (const happened of early.splice(0)) happened(loaded);
  });
  keepTrying(async () => isClosed || load());

  function tell(happened: (counter: Recorder) => void): void {
    if (counter) happened(counter);
    else if (early.length < EARLY) early.push(happened);
  }

  return {
    opened: (...what) => tell((counter) => counter.opened(...what)),
    quarantined: () => tell((counter) => counter.quarantined()),
    ran(...what) {
      lifetime.ok += 1;
      tell((counter) => counter.ran(...what));
    },
    failed(code) {
      countFailure(lifetime, code);
      tell((counter) => counter.failed(code));
    },
    aborted() {
      lifetime.aborted += 1;
      tell((counter) => counter.aborted());
    },
    fellBack() {
      lifetime.fallbacks += 1;
      tell((counter) => counter.fellBack());
    },
    feedback: (...what) => tell((counter) => counter.feedback(...what)),
    async close() {
      await settlesWithin(LAST_LOADING_MS, load());
      isClosed = true;
      await counter?.close();
    },
  };
}
