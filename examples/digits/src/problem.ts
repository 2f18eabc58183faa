import { isNearsideError } from 'nearside';

/** A failure as people read it: a stable code to look up and a sentence. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

export function describeProblem(error: unknown): Problem {
  if (isNearsideError(error)) return { code: error.code, message: error.message };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: 'unknown', message: String(error) };
}
