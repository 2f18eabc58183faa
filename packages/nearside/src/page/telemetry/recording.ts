import { type ErrorCode, shareOnce } from '@nearside/core';
import type { ReportTotals } from '../../shared/api/model.js';
import type { EndedRun } from '../../shared/ended-run.js';
import { keepTrying, settlesWithin } from '../../shared/timers.js';
import type { Counting, CountingContext, startCounting } from './later/counting.js';
import {
  createLifetime,
  createReportTotals,
  isInvalidInput,
  type Lifetime,
  type Recorded,
  type TimedRecord,
} from './recorded.js';

/** The second part counts. */
export interface CountHelp {
  readonly startCounting: typeof startCounting;
}

/** Takes down what happens to an open model, for `stats()`, for feedback and for reports. */
export interface Recording {
  readonly lifetime: Lifetime;
  readonly totals: ReportTotals;
  /** What happened before anything counted it; emptied soon after that. */
  readonly early: readonly TimedRecord[];
  tell(what: Recorded): void;
  /** Seals every report; called when the runs have ended. */
  close(): Promise<void>;
}

/** How long closing waits for the code that counts, which may not be there yet, ms. */
const LAST_LOADING_MS = 2000;

/** Records that are kept until something counts them: far more than there are before the first result. */
const EARLY = 1000;

/**
 * Takes down what happens, from the opening on, and keeps it until the code that counts is loaded.
 *
 * @param help resolves after the first result: nothing is counted or reported before. Where it fails it is
 *   asked again, and once more by `close`
 */
export function startRecording(
  context: Omit<CountingContext, 'lifetime' | 'totals' | 'early' | 'lostEarly'>,
  help: () => Promise<CountHelp>,
  opening: Extract<Recorded, { kind: 'opened' | 'not-opened' }>,
): Recording {
  const lifetime = createLifetime();
  const totals = createReportTotals();
  const early: TimedRecord[] = [];
  let lostEarly = 0;
  let counting: Counting | undefined;
  let isClosed = false;

  const load = shareOnce(async () => {
    const { startCounting } = await help();
    if (isClosed) return;
    counting = startCounting({ ...context, lifetime, totals, early, lostEarly });
  });
  keepTrying(async () => isClosed || load());

  function tell(what: Recorded): void {
    if (what.kind === 'ran') countRun(lifetime, what.outcome);
    if (what.kind === 'not-opened') countFailure(lifetime, what.code);
    const record = { ...what, atMs: Date.now() };
    if (counting) counting.count(record);
    else if (early.length < EARLY) early.push(record);
    else lostEarly += 1;
  }
  tell(opening);
  context.emitter.tap((name, event) => {
    if (name !== 'run-end') tell({ kind: 'event', name, event } as Recorded);
  });

  return {
    lifetime,
    totals,
    early,
    tell,
    async close() {
      await settlesWithin(LAST_LOADING_MS, load());
      isClosed = true;
      await counting?.close();
    },
  };
}

function countRun(lifetime: Lifetime, outcome: EndedRun['outcome']): void {
  if (outcome.kind === 'failed') countFailure(lifetime, outcome.code);
  else lifetime[COUNTED_AS[outcome.kind]] += 1;
}

/** Bad input is counted apart from errors. */
function countFailure(lifetime: Lifetime, code: ErrorCode): void {
  if (isInvalidInput(code)) lifetime.invalid += 1;
  else lifetime.errors.set(code, (lifetime.errors.get(code) ?? 0) + 1);
}

const COUNTED_AS = { ok: 'ok', aborted: 'aborted', 'fell-back': 'fallbacks' } as const;
