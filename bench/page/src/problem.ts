import { isNearsideError } from '@nearside/core';

/** What went wrong, as a row tells it: the library's code, or a word of this page's own. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A refusal of this page's own. */
export class BenchError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function describeProblem(error: unknown): Problem {
  if (error instanceof BenchError || isNearsideError(error)) {
    const { code, message } = error;
    return { code, message };
  }
  if (error instanceof Error) return { code: error.name, message: error.message || error.name };
  return { code: 'failed', message: String(error) };
}
