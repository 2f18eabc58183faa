import { isOfTheData, reasonOf } from './attempt.js';
import { change, row, type Work } from './statements.js';

/** Where more rows than this cannot be counted, the fault is this collector's and not theirs. */
const MOST_SET_ASIDE = 8;

export interface SetAsideOptions {
  /** Told of each row of the log that was set aside. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Told how many rows of the log are set aside now. */
  readonly onSetAside?: ((rows: number) => void) | undefined;
}

/** Tells whether a row of the log is at fault for an error, and not the store. */
export function isOfTheRow(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError || isOfTheData(error);
}

/**
 * Puts rows that were set aside into the log again, with new numbers: this collector may be able to count what one before
 * could not.
 */
export function* takeBackRows({ onSetAside }: SetAsideOptions): Work<void> {
  yield* change(
    'INSERT INTO log (contributions) SELECT contributions FROM log_unreadable ORDER BY n',
    {},
  );
  yield* change('DELETE FROM log_unreadable', {});
  onSetAside?.(0);
}

/**
 * Takes a row that cannot be counted out of the log, so that it keeps no others from being counted. It is done in a
 * transaction, and told of once that has ended.
 *
 * @returns tells of it
 * @throws Error when there are too many: then they stay in the log until they can be counted
 */
export function* setRowAside(
  n: number,
  cause: unknown,
  { onError, onSetAside }: SetAsideOptions,
): Work<() => void> {
  const reason = reasonOf(cause);
  const found = yield* row<{ rows: number }>('SELECT count(*) AS rows FROM log_unreadable');
  const before = Number(found?.rows);
  if (before >= MOST_SET_ASIDE) {
    throw new Error(
      `row ${n} of the log could not be counted: ${reason}. ${before} rows are in the table log_unreadable already, so this one and those after it wait in the log. Update the collectors: each that starts to keep the store tries all of them again`,
      { cause },
    );
  }
  // numbers of the log are used again, and those of rows that were set aside are not
  yield* change(
    `
    INSERT INTO log_unreadable
    SELECT (SELECT coalesce(max(n), 0) + 1 FROM log_unreadable), contributions, @reason
    FROM log WHERE n = @n`,
    { n, reason },
  );
  yield* change('DELETE FROM log WHERE n = @n', { n });
  return () => {
    onSetAside?.(before + 1);
    onError?.(
      new Error(
        `row ${n} of the log could not be counted and is now in the table log_unreadable: ${reason}`,
      ),
    );
  };
}
