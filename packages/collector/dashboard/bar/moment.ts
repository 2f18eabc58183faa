import type { ModelSummary } from '../../src/counting/rollup-store.js';
import { compareVersions } from '../../src/fleet/compare-versions.js';
import type { PageState, Stretch } from './page-state.js';

/** The model and the time that are looked at. Every question is about these. */
export interface Moment extends Stretch {
  readonly state: PageState;
  readonly model: string;
  /** The version before the chosen one. Empty where none is chosen, or none was before. */
  readonly versionBefore: string;
  /** By the collector's clock. */
  readonly nowMs: number;
}

export function momentOf(
  state: PageState,
  { model, versions }: ModelSummary,
  nowMs: number,
): Moment {
  const { range } = state;
  const stretch =
    'key' in range
      ? { fromMs: nowMs - range.rangeMs, toMs: nowMs }
      : { fromMs: range.fromMs, toMs: Math.min(range.toMs, Math.max(nowMs, range.fromMs + 1)) };
  return { state, model, versionBefore: versionBefore(state.version, versions), nowMs, ...stretch };
}

function versionBefore(version: string, versions: readonly string[]): string {
  const earlier = versions.filter(
    (one) => /^\d/.test(one) && version !== '' && compareVersions(one, version) < 0,
  );
  return earlier.sort(compareVersions).at(-1) ?? '';
}

/** Replaces a range that moves on with time by its two moments, so that a link shows the same figures tomorrow. */
export function lastingState(moment: Moment): PageState {
  const { state, model, fromMs, toMs } = moment;
  const month = state.view === 'executive' ? monthOf(moment).key : state.month;
  return { ...state, model, month, range: { fromMs, toMs } };
}

/** Returns the stretch of the same length right before. */
export function before({ fromMs, toMs }: Stretch): Stretch {
  return { fromMs: 2 * fromMs - toMs, toMs: fromMs };
}

/** Returns a calendar month in UTC, as far as it has come. By default it is the last month that is over. */
export function monthOf({ state, nowMs }: Moment): Stretch & { readonly key: string } {
  const key = state.month || monthsOn(new Date(nowMs).toISOString().slice(0, 7), -1);
  const [fromMs, endMs] = [startOfMonth(key), startOfMonth(monthsOn(key, 1))];
  return { key, fromMs, toMs: Math.max(fromMs + 1, Math.min(endMs, nowMs)) };
}

/** Returns the whole month before. */
export function monthBefore(moment: Moment): Stretch & { readonly key: string } {
  const { key } = monthOf(moment);
  const earlier = monthsOn(key, -1);
  return { key: earlier, fromMs: startOfMonth(earlier), toMs: startOfMonth(key) };
}

/** `2026-12` and 1: `2027-01` */
export function monthsOn(key: string, months: number): string {
  const [year = 0, month = 1] = key.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + months)).toISOString().slice(0, 7);
}

function startOfMonth(key: string): number {
  return Date.parse(`${key}-01T00:00:00Z`);
}
