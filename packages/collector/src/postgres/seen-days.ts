import { RETENTION } from '../counting/retention.js';
import { change, type Work } from '../store/statements.js';
import type { Session } from './session.js';

/** A clock may be ahead by so many days before its ids go to the partition of all other days. */
const DAYS_AHEAD = 2;

/**
 * Makes the partitions of the days whose reports are taken, and drops those of days gone by. Ids that a device with a
 * wrong clock may still send again move to the partition of all other days.
 */
export async function turnSeenDays(session: Session, today: number): Promise<void> {
  const first = today - RETENTION.seenDays;
  const { rows } = await session.query(
    `SELECT substring(relname FROM 6)::integer AS day
     FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
     WHERE inhparent = 'seen'::regclass AND relname ~ '^seen_[0-9]+$'`,
  );
  const days = new Set(rows.map(({ day }) => day as number));
  const missing = [];
  for (let day = first; day <= today + DAYS_AHEAD; day += 1) if (!days.has(day)) missing.push(day);
  const over = [...days].filter((day) => day < first);
  await inOne(session, missing.flatMap(addDay));
  for (const day of over) await inOne(session, dropDay(day, today));
}

/** Forgets ids of days that have no partition of their own. */
export function forgetOtherDays(today: number, limit: number): Work<number> {
  return change(
    `
    DELETE FROM seen_other WHERE (day, id) IN (
      SELECT day, id FROM seen_other WHERE until < @today LIMIT @limit)`,
    { today, limit },
  );
}

function addDay(day: number): string[] {
  return [
    'LOCK TABLE seen_other IN SHARE ROW EXCLUSIVE MODE',
    `CREATE TABLE seen_${day} (LIKE seen INCLUDING ALL)`,
    `WITH moved AS (DELETE FROM seen_other WHERE day = ${day} RETURNING *)
     INSERT INTO seen_${day} SELECT * FROM moved`,
    `ALTER TABLE seen ATTACH PARTITION seen_${day} FOR VALUES IN (${day})`,
  ];
}

function dropDay(day: number, today: number): string[] {
  return [
    `ALTER TABLE seen DETACH PARTITION seen_${day}`,
    `INSERT INTO seen_other SELECT * FROM seen_${day} WHERE until >= ${today}`,
    `DROP TABLE seen_${day}`,
  ];
}

/** Reports that arrive meanwhile wait, so it gives up where it would itself wait for long. */
async function inOne(session: Session, statements: readonly string[]): Promise<void> {
  // statements in one text are one transaction
  const all = ["SET LOCAL lock_timeout = '1s'", ...statements];
  if (statements.length > 0) await session.query(all.join(';'));
}
