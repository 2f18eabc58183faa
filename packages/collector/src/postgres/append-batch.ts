import type { Contribution } from '../counting/contribution.js';
import { idKeptUntil } from '../counting/retention.js';
import type { Outcome } from '../store/rollup-store.js';
import { SCHEMA_VERSION, tooOld } from './schema.js';
import type { Session } from './session.js';

/**
 * Writes the ids of a batch, and one row of the log with its new contributions. One statement is one transaction, and
 * one trip over the network.
 */
const APPEND = `
  WITH given AS (
    SELECT * FROM unnest($1::integer[], $2::uuid[], $3::integer[], $4::text[])
      AS g (day, id, until, contribution)
    WHERE (SELECT oldest_writer FROM store) <= $5
  ), fresh AS (
    INSERT INTO seen (day, id, until) SELECT day, id, until FROM given
    ON CONFLICT DO NOTHING RETURNING day, id
  ), noted AS (
    INSERT INTO log (contributions)
    SELECT '[' || string_agg(contribution, ',') || ']' FROM given JOIN fresh USING (day, id)
    HAVING count(*) > 0
  )
  SELECT version, oldest_writer AS oldest,
    (SELECT json_agg(day || ' ' || replace(id::text, '-', '')) FROM fresh) AS fresh
  FROM store`;

/** SQLSTATE, also of a row that is not for this partition. */
const CHECK_VIOLATION = '23514';

interface Appended {
  readonly version: number;
  readonly oldest: number;
  readonly fresh: readonly string[] | null;
}

export async function appendBatch(
  session: Session,
  batch: readonly Contribution[],
): Promise<Outcome[]> {
  const distinct = new Map<string, Contribution>();
  for (const contribution of batch) {
    const key = keyOf(contribution);
    if (!distinct.has(key)) distinct.set(key, contribution);
  }
  // two batches with the same ids take them in the same order, so neither waits for the other crosswise
  const sorted = [...distinct.keys()].sort().map((key) => distinct.get(key) as Contribution);
  const columns = [
    sorted.map(({ day }) => day),
    sorted.map(({ id }) => id),
    sorted.map(idKeptUntil),
    sorted.map(inText),
    SCHEMA_VERSION,
  ];
  const append = () => session.query(APPEND, columns, { name: 'append' });
  const { rows } = await append().catch((error: { code?: string }) => {
    if (error.code !== CHECK_VIOLATION) throw error;
    return append(); // the day has got a partition while it waited
  });
  const { version, oldest, fresh } = rows[0] as Appended;
  if (oldest > SCHEMA_VERSION) throw tooOld(version, oldest);
  const counted = new Set(fresh);
  return batch.map((contribution) =>
    counted.delete(keyOf(contribution)) ? 'counted' : 'duplicate',
  );
}

function keyOf({ day, id }: Contribution): string {
  return `${day} ${id}`;
}

/** PostgreSQL has no text with a zero, or with half of a surrogate pair. Names of apps may have either. */
export function inText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u')) return text;
  return text.replace(/\\(u0000|ud[89a-f]..)|\\./g, (all, isBad) => (isBad ? '\ufffd' : all));
}
