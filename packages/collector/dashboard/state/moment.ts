import { compareVersions } from '../../src/fleet/compare-versions.js';
import type { ModelSummary } from '../../src/store/rollup-store.js';
import type { PageState, Stretch } from './page-state.js';

/** The model and the time that are looked at. Every question is about these. */
export interface Moment extends Stretch {
  readonly state: PageState;
  readonly model: string;
  /** The version before the chosen one. Empty where none is chosen, or none was before. */
  readonly versionBefore: string;
  /** By the collector's clock. */
  readonly nowMs: number;
  /** The collector's looks judge no group of fewer devices. */
  readonly minDevices: number;
  /** The first and the newest report of the model that are kept. */
  readonly seen: Stretch;
}

export function momentOf(
  state: PageState,
  { model, versions, firstMs, lastMs }: ModelSummary,
  { nowMs, minDevices }: Pick<Moment, 'nowMs' | 'minDevices'>,
): Moment {
  const { range } = state;
  const stretch =
    'key' in range
      ? { fromMs: nowMs - range.rangeMs, toMs: nowMs }
      : { fromMs: range.fromMs, toMs: Math.min(range.toMs, Math.max(nowMs, range.fromMs + 1)) };
  return {
    state,
    model,
    versionBefore: versionBefore(state.version, versions),
    nowMs,
    minDevices,
    seen: { fromMs: firstMs, toMs: Math.min(lastMs, nowMs) },
    ...stretch,
  };
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

/** Returns a calendar month in UTC, as far as it has come. By default it is the newest one with data. */
export function monthOf({ state, nowMs, seen }: Moment): Stretch & { readonly key: string } {
  const key = state.month || monthKey(seen.toMs);
  const [fromMs, endMs] = [startOfMonth(key), startOfMonth(monthsOn(key, 1))];
  return { key, fromMs, toMs: Math.max(fromMs + 1, Math.min(endMs, nowMs)) };
}

/** Returns the whole month before. */
export function monthBefore(moment: Moment): Stretch & { readonly key: string } {
  const { key } = monthOf(moment);
  const earlier = monthsOn(key, -1);
  return { key: earlier, fromMs: startOfMonth(earlier), toMs: startOfMonth(key) };
}

/** `2026-12`, in UTC */
export function monthKey(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

/** `2026-12` and 1: `2027-01` */
export function monthsOn(key: string, months: number): string {
  const [year = 0, month = 1] = key.split('-').map(Number);
  return monthKey(Date.UTC(year, month - 1 + months));
}

function startOfMonth(key: string): number {
  return Date.parse(`${key}-01T00:00:00Z`);
}
