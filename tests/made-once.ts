import { join } from 'node:path';

/** Where `make-once.ts` says it put what all tests of a run share. */
export const MADE_ONCE = 'NEARSIDE_MADE_ONCE';

/** The path of a page or packed model that was made before the first test. Nothing may be changed in it. */
export function madeOnce(name: string): string {
  const dir = process.env[MADE_ONCE];
  if (dir) return join(dir, name);
  throw new Error(
    `Expected ${MADE_ONCE} to name a folder, got nothing: tests/make-once.ts makes it where Playwright ` +
      'starts with playwright.config.ts.',
  );
}
