import type { OnProgress } from '../files/slices.js';
import { formatBytes } from './format.js';

/** A command prints here, and learns here that the user interrupts it. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Prints the progress of long work. Absent if nobody watches. */
  progress?: ((line: string) => void) | undefined;
  /** Resolves when the user ends a command that would go on for ever. */
  interrupted(): Promise<void>;
  /** Lets time pass, until the signal ends it. By default it does. */
  wait?:
    | ((ms: number, options: { readonly signal?: AbortSignal | undefined }) => Promise<unknown>)
    | undefined;
  /** Asks for a secret without showing it. Absent if nobody sits at a keyboard. */
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

export interface CommonOptions {
  readonly json?: true;
}

/** The exit codes of every command, one meaning each. `expiring`: metadata has to be renewed. */
export const EXIT = Object.freeze({ done: 0, failed: 1, usage: 2, expiring: 3, refused: 4 });
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Some two seconds of hashing and compressing. A line for less would vanish before anybody reads it. */
const STEP_BYTES = 64e6;

/** Prints the progress of long work: `128 MB of 1.2 GB written`. */
export function printProgress(terminal: Terminal, done: string): OnProgress {
  let nextBytes = STEP_BYTES;
  return ({ doneBytes, totalBytes }) => {
    if (doneBytes < nextBytes) return;
    nextBytes += STEP_BYTES;
    terminal.progress?.(`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} ${done}`);
  };
}
