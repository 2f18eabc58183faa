import { type ErrorCode, isNearsideError } from '@nearside/core';

/** Something that devices would refuse, or be slowed down by. */
export interface Problem {
  /** The file, or `model version` and a file of it. */
  readonly what: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Runs one check; what it throws becomes a problem, so that the next one runs too.
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
