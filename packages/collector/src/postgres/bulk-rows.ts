import type { Session } from './session.js';

type Key = readonly number[];
type Value = string | number | Uint8Array;

/** A table of sums: columns with their types, those of the key first. */
export interface SumTable {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, 'bigint' | 'float8' | 'bytea' | 'text'>>;
}

export interface Addition {
  readonly key: Key;
  /** Returns the columns of the row with what is added, in order. */
  readonly addTo: (found: never) => readonly Value[];
}

/** Adds to many rows of a table with two statements. Each key comes once, and nobody else writes to these rows. */
export async function addToRows(
  session: Session,
  { name, key, columns }: SumTable,
  additions: readonly Addition[],
): Promise<void> {
  if (additions.length === 0) return;
  const keys = key.map((_, i) => additions.map((addition) => addition.key[i]));
  const types = [...key.map(() => 'bigint'), ...Object.values(columns)];
  const unnest = (count: number) =>
    `unnest(${types.slice(0, count).map((type, i) => `$${i + 1}::${type}[]`)})`;
  const { rows } = await session.query(
    `SELECT t.* FROM ${unnest(key.length)} AS k (${key}) JOIN ${name} t USING (${key})`,
    keys,
  );
  const found = new Map(rows.map((row) => [key.map((column) => row[column]).join(' '), row]));
  const sums = additions.map(({ key, addTo }) => addTo(found.get(key.join(' ')) as never));
  const names = Object.keys(columns);
  await session.query(
    `INSERT INTO ${name} (${[...key, ...names]}) SELECT * FROM ${unnest(types.length)}
     ON CONFLICT (${key}) DO UPDATE SET ${names.map((column) => `${column} = excluded.${column}`)}`,
    [...keys, ...names.map((_, i) => sums.map((row) => row[i]))],
  );
}
