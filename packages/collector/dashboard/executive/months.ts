import type { Figures } from '../../src/fleet/latency.js';
import { type Answers, answered } from '../asking/ask.js';
import { type Moment, monthBefore, monthOf, monthsOn } from '../state/moment.js';
import type { Stretch } from '../state/page-state.js';
import { formatMonth } from '../words/format.js';

/** The month of the report, and the one before. */
export interface Months {
  readonly model: string;
  readonly now: Stretch & {
    readonly name: string;
    readonly hasBegun: boolean;
    /** " so far (10 of 31 days)". Empty where the month is over. */
    readonly soFar: string;
  };
  readonly before: Stretch & { readonly name: string };
  /** Months of the first and the newest report: "March 2026 to May 2026". */
  readonly seen: string;
}

/** Wrong clocks put a few reports into a month in which nothing ran. */
const FEWEST_SHARE = 0.01;

/** Fewer runs say nothing about a month: of 1,000 one may fail where 99.9 % are to succeed. */
export const FEWEST_RUNS = 1000;

/** Returns the figures of the month before. @returns undefined where nearly nothing ran */
export function monthBeforeOf(answers: Answers): Figures | undefined {
  const now = answered(answers, 'month')?.total;
  const earlier = answered(answers, 'monthBefore')?.total;
  const fewest = FEWEST_SHARE * (now?.estimatedCount ?? 0);
  return earlier && earlier.reports > 0 && earlier.estimatedCount >= fewest ? earlier : undefined;
}

export function monthsOf(moment: Moment): Months {
  const { key, fromMs, toMs } = monthOf(moment);
  const earlier = monthBefore(moment);
  const hasBegun = fromMs < moment.nowMs;
  const days = new Date(Date.parse(`${monthsOn(key, 1)}-01`) - 1).getUTCDate();
  const day = new Date(toMs - 1).getUTCDate();
  const isOver = toMs < moment.nowMs;
  return {
    model: moment.model,
    now: {
      fromMs,
      toMs,
      name: formatMonth(fromMs),
      hasBegun,
      soFar: isOver || !hasBegun ? '' : ` so far (${day} of ${days} days)`,
    },
    before: { ...earlier, name: formatMonth(earlier.fromMs) },
    seen: [...new Set([moment.seen.fromMs, moment.seen.toMs].map(formatMonth))].join(' to '),
  };
}
