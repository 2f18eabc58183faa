import type { OnProgress } from '../progress.js';
import { formatBytes } from './format.js';
import type { Terminal } from './terminal.js';

/** A second or two of hashing and compressing: less is done before anybody could read a line. */
const STEP_BYTES = 64e6;

/** Says how far long work has come, to whoever watches: `128 MB of 1.2 GB written`. */
export function printProgress(terminal: Terminal, done: string): OnProgress {
  let nextBytes = STEP_BYTES;
  return ({ doneBytes, totalBytes }) => {
    if (doneBytes < nextBytes) return;
    nextBytes += STEP_BYTES;
    terminal.progress?.(`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} ${done}`);
  };
}
