import type { Figures } from '../../src/fleet/latency.js';
import { type Answers, answered } from '../asking/ask.js';
import { type Moment, monthBefore, monthOf } from '../bar/moment.js';
import type { Stretch } from '../bar/page-state.js';

/** The month of the report, and the one before. */
export interface Months {
  readonly model: string;
  readonly now: Stretch & {
    readonly name: string;
    readonly hasBegun: boolean;
    readonly isOver: boolean;
  };
  readonly before: { readonly name: string };
}

const MONTH = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** Wrong clocks put a few reports into a month in which nothing ran. */
const FEWEST_SHARE = 0.01;

/** Returns the figures of the month before. @returns undefined where nearly nothing ran */
export function monthBeforeOf(answers: Answers): Figures | undefined {
  const now = answered(answers, 'month')?.total;
  const earlier = answered(answers, 'monthBefore')?.total;
  const fewest = FEWEST_SHARE * (now?.estimatedCount ?? 0);
  return earlier && earlier.reports > 0 && earlier.estimatedCount >= fewest ? earlier : undefined;
}

export function monthsOf(moment: Moment): Months {
  const { fromMs, toMs } = monthOf(moment);
  return {
    model: moment.model,
    now: {
      fromMs,
      toMs,
      name: MONTH.format(fromMs),
      hasBegun: fromMs < moment.nowMs,
      isOver: toMs < moment.nowMs,
    },
    before: { name: MONTH.format(monthBefore(moment).fromMs) },
  };
}
