/** A value that both databases take for a parameter. */
export type Given = Readonly<Record<string, string | number | Uint8Array | null>>;

/** A statement with `@name` for each parameter. It is the same text for SQLite and PostgreSQL. */
export interface Statement {
  readonly sql: string;
  readonly given: Given;
  /** Rows by column, rows as lists, or how many rows were changed. */
  readonly answer: 'rows' | 'lists' | 'changes';
}

/**
 * Work in a database. It hands out each statement and goes on with the answer, so the same work runs over a driver that
 * answers at once and over one that answers later.
 */
export type Work<Value> = Generator<Statement, Value, unknown>;

export function* rows<Row>(sql: string, given: Given = {}): Work<Iterable<Row>> {
  return (yield { sql, given, answer: 'rows' }) as Iterable<Row>;
}

export function* lists<Row extends readonly unknown[]>(
  sql: string,
  given: Given = {},
): Work<Iterable<Row>> {
  return (yield { sql, given, answer: 'lists' }) as Iterable<Row>;
}

/** @returns the first row, or undefined */
export function* row<Row>(sql: string, given: Given = {}): Work<Row | undefined> {
  const [first] = yield* rows<Row>(sql, given);
  return first;
}

/** @returns how many rows were changed */
export function* change(sql: string, given: Given): Work<number> {
  return (yield { sql, given, answer: 'changes' }) as number;
}
