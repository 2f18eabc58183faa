import { NearsideError } from '@nearside/core';

/** @param what is given: `Image` or `Sound` */
export function invalidInput(what: string, expected: string, got: string): NearsideError {
  return new NearsideError('input-invalid', `${what} input: expected ${expected}, got ${got}.`, {
    details: { expected, got },
  });
}

export function detachedInput(kind: string): NearsideError {
  return new NearsideError(
    'input-detached',
    `This ${kind} is empty: it was closed or transferred away. Pass a live one.`,
    { details: { kind } },
  );
}
