import type { OnProgress } from '../files/slices.js';
import { formatBytes } from './format.js';

/** Where a command prints to, and what ends it. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Says how far long work has come. Absent where nobody watches. */
  progress?: ((line: string) => void) | undefined;
  /** Resolves when the user has had enough of a command that goes on for ever. */
  interrupted(): Promise<void>;
  /** Asks for a secret without showing it. Absent where nobody sits at a keyboard. */
  askSecret?: ((question: string) => Promise<string>) | undefined;
  /** Errors are printed with their stack and causes. */
  readonly debug: boolean;
}

/** Prints a result once: as one JSON document, or in words. */
export function printResult(
  terminal: Terminal,
  { json, result, text }: { json: boolean | undefined; result: object; text: () => string },
): void {
  terminal.out(json ? JSON.stringify(result, null, 2) : text());
}

/** What every command accepts. */
export interface CommonOptions {
  readonly json?: true;
}

/** The exit codes of every command, one meaning each. `expiring`: metadata has to be renewed. */
export const EXIT = Object.freeze({ done: 0, failed: 1, usage: 2, expiring: 3, refused: 4 });
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

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
