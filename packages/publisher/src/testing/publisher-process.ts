import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isNearsideError } from '@nearside/core';
import { type PublishOptions, publish } from '../library/publish.js';

/**
 * A publisher as a process of its own: `node <this, bundled> <options of publish as JSON>`, with `killAtRename` to
 * end it like a crash at the nth rename.
 */
interface ProcessOptions extends PublishOptions {
  readonly killAtRename?: number;
}

const { killAtRename, ...options }: ProcessOptions = JSON.parse(process.argv[2] ?? '{}');
if (killAtRename !== undefined) killAt(killAtRename);
try {
  const { changed } = await publish(options);
  console.log(changed ? 'published' : 'unchanged');
} catch (error) {
  console.log(isNearsideError(error) ? error.code : String(error));
  process.exitCode = 1;
}

function killAt(rename: number): void {
  const original = promises.rename;
  let renames = 0;
  promises.rename = async (from, to) => {
    if (renames === rename) process.kill(process.pid, 'SIGKILL');
    renames += 1;
    await original(from, to);
  };
  syncBuiltinESMExports();
}
