import { type ErrorCode, isNearsideError } from '@nearside/core';

/** A fault that makes devices refuse a file, or slows them down. */
export interface Problem {
  /** The file, or `model version` and a file of it. */
  readonly what: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Runs one check. Its error becomes a problem, so that the next check runs too.
 *
 * @returns undefined when there was a problem
 */
export async function collect<Result>(
  problems: Problem[],
  what: string,
  check: () => Promise<Result> | Result,
): Promise<Result | undefined> {
  try {
    return await check();
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    problems.push({ what, code: error.code, message: error.message });
    return undefined;
  }
}
