import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NearsideError } from '@nearside/core';

/** Scripts of the package, the library itself, and the folder of the files that it loads. */
type File =
  | 'dist/worker/try-common.js'
  | 'dist/worker/answer-golden.js'
  | 'dist/index.js'
  | 'dist/assets';

/**
 * Finds a file of the package `nearside`, which has the runtimes that devices serve with.
 *
 * @param from a module that could import the package; by default one of this package, beside which it is installed
 */
export function findNearsideFile(name: File, from: string = import.meta.url): string | undefined {
  try {
    const folder = dirname(createRequire(from).resolve('nearside/package.json'));
    const file = join(folder, name);
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** @throws NearsideError `file-missing`, with the line that installs the package */
export function requireNearsideFile(name: File, from?: string): string {
  const file = findNearsideFile(name, from);
  if (file !== undefined) return file;
  throw new NearsideError(
    'file-missing',
    'Expected the package nearside, whose runtimes answer golden cases, beside @nearside/publisher, got ' +
      'none. Run `npm install nearside`.',
    { details: { package: 'nearside' } },
  );
}
