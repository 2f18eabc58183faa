import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NearsideError } from '@nearside/core';

type Script = 'try-common.js' | 'answer-golden.js';

/**
 * Finds a script of the package `nearside`, which has the runtimes that devices serve with.
 *
 * @param from a module that could import the package; by default one of this package, beside which it is installed
 */
export function findNearsideScript(
  name: Script,
  from: string = import.meta.url,
): string | undefined {
  try {
    const folder = dirname(createRequire(from).resolve('nearside/package.json'));
    const script = join(folder, 'dist/worker', name);
    return existsSync(script) ? script : undefined;
  } catch {
    return undefined;
  }
}

/** @throws NearsideError `file-missing`, with the line that installs the package */
export function requireNearsideScript(name: Script, from?: string): string {
  const script = findNearsideScript(name, from);
  if (script !== undefined) return script;
  throw new NearsideError(
    'file-missing',
    'Expected the package nearside, whose runtimes answer golden cases, beside @nearside/publisher, got ' +
      'none. Run `npm install nearside`.',
    { details: { package: 'nearside' } },
  );
}
