import { type ErrorCode, shareOnce } from '@nearside/core';
import type { OpeningStats, ReportTotals } from '../api/model.js';
import type { EndedRun, RunObserver, ServedVersion } from '../ended-run.js';
import type { Observation } from '../protocol.js';
import { keepTrying, settlesWithin } from '../timers.js';
import type { CountingContext, createCounter, reportFailure } from './counter.js';
import {
  countFailure,
  createLifetime,
  createReportTotals,
  type Lifetime,
  type Recorder,
} from './lifetime.js';
import type { openReporting, Reporting } from './reporter.js';

/** What is counted by the second part. */
export interface CountHelp {
  readonly openReporting: typeof openReporting;
  readonly createCounter: typeof createCounter;
  readonly reportFailure: typeof reportFailure;
}

/**
 * What is taken down of an open model, one version after another, for `stats()`, for feedback and for reports. It
 * keeps what happens until there is a counter, which is loaded after the first result.
 */
export interface Recording {
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
  /**
   * It serves from now on. What was taken down of it before is counted on: a run that has ended is counted
   * a little later, and feedback comes whenever it likes.
   */
  serves(served: ServedVersion): void;
  /**
   * @param opening undefined where no backend came to serve
   * @param failures so many backends were tried before and failed
   */
  opened(served: ServedVersion, opening: OpeningStats | undefined, failures: number): void;
  /** A backend failed later, beside the one that serves or soon after it took over. */
  quarantined(served: ServedVersion): void;
  readonly ran: RunObserver;
  /** No version served that could have run anything. */
  failed(served: ServedVersion, code: ErrorCode): void;
  /** A version that was loaded beside the one that serves, and failed: a report of its own says so. */
  failedCandidate(failed: ServedVersion, code: ErrorCode): Promise<void>;
  /** @param served what it is about where the run is forgotten */
  feedback(id: string, label: string, served: ServedVersion): void;
  /** Seals every report; called when the runs have ended. */
  close(): Promise<void>;
}

/** How long closing waits for the code that counts, which may not be there yet, ms. */
const LAST_LOADING_MS = 2000;

/** What is kept to be counted until then: far more than happens before the first result. */
const EARLY = 1000;

/** Runs remembered for feedback; older ones are forgotten. About 100 kB. */
const REMEMBERED = 1000;

/** @param help resolves after the first result: nothing is counted or reported before */
export function startRecording(
  context: Omit<CountingContext, 'lifetime' | 'totals'>,
  help: () => Promise<CountHelp>,
): Recording {
  const lifetime = createLifetime();
  const totals = createReportTotals();
  const counting = { ...context, lifetime, totals };
  const recorders: Record<string, Recorder> = {};
  /** For feedback, by the id of a run; `observation` is missing for a model without a baseline. */
  const recent = new Map<string, { recorder: Recorder; observation: Observation | undefined }>();
  let reporting: Reporting | undefined;

  const loadReporting = shareOnce(async () => {
    const { openReporting } = await help();
    reporting = openReporting(context.plan.store);
    return reporting;
  });

  function recorderOf(served: ServedVersion): Recorder {
    const { version, variant, backend } = served;
    const key = version.manifestSha256 + variant.name + backend;
    const startMs = Date.now();
    recorders[key] ??= keepUntilCounted(lifetime, async () => {
      const [opened, { createCounter }] = await Promise.all([loadReporting(), help()]);
      return createCounter(opened, counting, { served, startMs });
    });
    return recorders[key];
  }

  function ran({ id, served, totalMs, outcome }: EndedRun): void {
    const recorder = recorderOf(served);
    switch (outcome.kind) {
      case 'ok': {
        const { times, observation } = outcome.reply;
        recorder.ran({ total: totalMs, queue: outcome.queueMs, ...times }, observation);
        remember(id, { recorder, observation });
        break;
      }
      case 'failed':
        recorder.failed(outcome.code);
        break;
      case 'aborted':
        recorder.aborted();
        break;
      case 'fell-back':
        recorder.fellBack();
    }
  }

  function remember(id: string, run: { recorder: Recorder; observation: Observation | undefined }) {
    recent.set(id, run);
    const oldest = recent.keys().next().value;
    if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
  }

  return {
    lifetime,
    totals,
    serves: (served) => void recorderOf(served),
    opened: (served, opening, failures) => recorderOf(served).opened(opening, failures),
    quarantined: (served) => recorderOf(served).quarantined(),
    ran,
    failed: (served, code) => recorderOf(served).failed(code),
    async failedCandidate(failed, code) {
      const { reportFailure } = await help();
      await reportFailure(await loadReporting(), counting, { failed, code });
    },
    feedback(id, label, served) {
      const run = recent.get(id);
      // Which version it was of has its report; of one without a baseline there is nothing to count.
      if (!run) recorderOf(served).feedback(undefined, label);
      else if (run.observation) run.recorder.feedback(run.observation, label);
    },
    async close() {
      await Promise.all(Object.values(recorders).map((recorder) => recorder.close()));
      await reporting?.close();
    },
  };
}

/**
 * A recorder that keeps what happens until there is a counter, which is loaded later.
 *
 * @param loadCounter resolves after the first result; what happens before is counted then. Where it
 *   fails it is asked again, and once more by `close`
 */
function keepUntilCounted(lifetime: Lifetime, loadCounter: () => Promise<Recorder>): Recorder {
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
