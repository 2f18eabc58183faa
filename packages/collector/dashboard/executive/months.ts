import { type Moment, monthBefore, monthOf } from '../bar/moment.js';
import type { Stretch } from '../bar/page-state.js';

/** Two months that are told of: this one, and the one before. */
export interface Months {
  readonly model: string;
  readonly now: Stretch & { readonly name: string; readonly isOver: boolean };
  readonly before: { readonly name: string };
}

const MONTH = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

export function monthsOf(moment: Moment): Months {
  const { fromMs, toMs } = monthOf(moment);
  return {
    model: moment.model,
    now: { fromMs, toMs, name: MONTH.format(fromMs), isOver: toMs < moment.nowMs },
    before: { name: MONTH.format(monthBefore(moment).fromMs) },
  };
}
