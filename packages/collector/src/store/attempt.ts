import { isNearsideError, NearsideError } from '@nearside/core';

/** A full disk, a lock, a closed connection and a database that is away have one code. */
export async function attempt<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (isNearsideError(cause)) throw cause;
    throw new NearsideError('store-unavailable', `The store failed: ${reasonOf(cause)}.`, {
      cause,
      retryable: !isOfTheData(cause),
    });
  }
}

/** The data is wrong and not the store, so the same write fails again. */
export function isOfTheData(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  // codes of SQLite, and SQLSTATE: data exception, violated constraint, limit of the program
  const isRefused = /^SQLITE_(?:CONSTRAINT|MISMATCH|RANGE|TOOBIG)|^(?:22|23|54)\w{3}$/;
  return isRefused.test(code ?? '') || cause instanceof RangeError;
}

export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // several addresses of one host failed
  const { code, message } = cause as Error & { code?: string };
  return message || (code ?? cause.name);
}
