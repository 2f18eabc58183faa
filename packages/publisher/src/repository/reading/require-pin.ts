import { NearsideError } from '@nearside/core';

/** @throws NearsideError `pin-mismatch` */
export function requirePin(got: string, expected: string): void {
  if (got === expected) return;
  throw new NearsideError(
    'pin-mismatch',
    `The repository's first root metadata: expected ${expected}, got ${got}. Either the address ` +
      'or `--trust` is of another repository, or somebody replaced its root.',
    { details: { expected, got } },
  );
}
