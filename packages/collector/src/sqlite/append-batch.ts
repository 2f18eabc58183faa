import type Database from 'better-sqlite3';
import type { Contribution } from '../counting/contribution.js';
import { utcDay } from '../counting/time.js';
import type { Outcome } from '../store/rollup-store.js';
import type { Ownership } from './owner.js';

/** The outcomes of a batch, and its new contributions. */
export interface Appended {
  readonly outcomes: Outcome[];
  readonly counted: readonly Contribution[];
}

/**
 * Prepares the transaction that writes the ids of a batch, and one row of the log with its new contributions. They are
 * on disk when it returns.
 */
export function prepareAppend(
  database: Database.Database,
  owner: Ownership,
): (batch: readonly Contribution[]) => Appended {
  const remember = database.prepare(
    'INSERT INTO seen (day, id, arrived) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const log = database.prepare('INSERT INTO log (contributions) VALUES (?)');
  const append = database.transaction((batch: readonly Contribution[]): Appended => {
    owner.check();
    // an empty batch tests whether the file can be written
    if (batch.length === 0) owner.renew();
    const counted: Contribution[] = [];
    const outcomes = batch.map((contribution): Outcome => {
      const { day, id, arrivedMs } = contribution;
      const { changes } = remember.run(day, Buffer.from(id, 'hex'), utcDay(arrivedMs));
      if (changes === 0) return 'duplicate';
      counted.push(contribution);
      return 'counted';
    });
    if (counted.length > 0) log.run(JSON.stringify(counted));
    return { outcomes, counted };
  });
  // a transaction that reads first and then writes could not wait for another writer, so it is immediate
  return (batch) => append.immediate(batch);
}
