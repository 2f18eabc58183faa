import { createHash, randomBytes } from 'node:crypto';
import { COHORTS } from '@nearside/core';
import { HOUR_MS } from './time.js';

/** Rows, each with an hour for each cohort: 8 MB, made when a name first waits. */
const ROWS = 2 ** 16;
/** A name has so many rows, and shares each with others. */
const ROWS_OF_NAME = 3;
const DAY_HOURS = 24;

/**
 * Knows which cohorts told of which names within a day, of any number of names. It keeps no name, so none makes room for
 * another: however many names a flood invents, the cohorts of a real one add up.
 *
 * A name has three rows, which a secret chooses, and a cohort told of it if all three say so. A flood fills rows that others
 * have too. After a day with 100 invented names a minute a name seems to be told of by 0.07 cohorts more than it was, with 300
 * by 1.2, and with 600 one telling is enough: a flood never makes more of them needed.
 */
export class ToldCohorts {
  readonly #secret = randomBytes(16);
  /** By row and cohort: the last hour, counted from the first one. 0 is never. */
  #hours: Uint16Array | undefined;
  #firstHour = 0;

  /** @returns how many cohorts told of the name within a day, this one too */
  tell(name: string, cohort: number, atMs: number): number {
    const hour = Math.floor(atMs / HOUR_MS);
    if (!this.#hours) this.#firstHour = hour - 1;
    this.#hours ??= new Uint16Array(ROWS * COHORTS);
    const hours = this.#hours;
    const now = Math.max(1, hour - this.#firstHour); // a clock may be set back
    const rows = this.#rowsOf(name);
    for (const row of rows) hours[row + cohort] = now;
    let told = 0;
    for (let other = 0; other < COHORTS; other += 1) {
      if (rows.every((row) => isWithinDay(hours[row + other], now))) told += 1;
    }
    return told;
  }

  #rowsOf(name: string): number[] {
    const hash = createHash('sha256').update(this.#secret).update(name).digest();
    return Array.from({ length: ROWS_OF_NAME }, (_, i) => hash.readUInt16LE(2 * i) * COHORTS);
  }
}

function isWithinDay(hour = 0, now: number): boolean {
  return hour > 0 && hour > now - DAY_HOURS;
}
