import { addCounts } from '../counting/counts.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { CohortQuery, CohortRow } from './rollup-store.js';

/**
 * Adds up the days of a question by unit and cohort: days that are kept, and the others from their hours. The kept days
 * are added first; a day that is being moved is counted once.
 */
export class CohortDays {
  readonly #query: CohortQuery;
  readonly #sums = new Map<string, CohortRow>();
  readonly #kept = new Set<number>();

  constructor(query: CohortQuery) {
    this.#query = query;
  }

  /** Asks for the days. */
  get days(): CohortQuery {
    return { ...this.#query, fromMs: startOfDay(this.#query.fromMs) };
  }

  addDays(rows: Iterable<CohortRow>): void {
    for (const row of rows) {
      this.#kept.add(row.hourMs);
      this.#add(row);
    }
  }

  /** Asks for the hours, once all days are added. A day that is being moved is read with all hours that are left. */
  get hours(): CohortQuery {
    const { fromMs, toMs } = this.#query;
    const [first, last] = [startOfDay(fromMs), startOfDay(toMs - 1)];
    return {
      ...this.#query,
      fromMs: this.#kept.has(first) ? first : fromMs,
      toMs: this.#kept.has(last) ? last + DAY_MS : toMs,
    };
  }

  addHours(rows: Iterable<CohortRow>): void {
    for (const row of rows) this.#add(row);
  }

  rows(): CohortRow[] {
    return [...this.#sums.values()];
  }

  #add(row: CohortRow): void {
    const key = `${utcDay(row.hourMs)} ${row.cohort} ${Object.values(row.unit).join(' ')}`;
    const found = this.#sums.get(key);
    if (found) addCounts(found.counts, row.counts);
    else this.#sums.set(key, row);
  }
}

function startOfDay(timeMs: number): number {
  return utcDay(timeMs) * DAY_MS;
}
