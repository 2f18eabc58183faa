import { readFile, stat } from 'node:fs/promises';
import { isNearsideError } from '@nearside/core';
import { StartError } from '../refusals/start-error.js';

/** How often a file is looked at: a mounted secret or a rename tells nobody that it changed. */
const LOOK_EVERY_MS = 2_000;

/** Facts of a hundred models with a hundred versions are a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A file that may change while the collector runs. */
export interface WatchedFile<Value> {
  /** What it said when it was last right. */
  readonly current: Value;
  /** Looks at once whether it changed. */
  look(): Promise<void>;
  /** From now on looks by itself, until it is closed. */
  watch(): void;
  close(): void;
}

export interface WatchOptions<Value> {
  /** Throws NearsideError where the document is not what it should be. */
  readonly parse: (document: unknown) => Value;
  /** Called when the file says something new; not at the start. */
  readonly onLoaded: (value: Value) => void;
  /** Called once for each state of the file that is not right; `current` stays what it was. */
  readonly onRefused: (error: StartError) => void;
  readonly lookEveryMs?: number;
}

/**
 * Reads a JSON file now, and again when it has changed.
 *
 * @throws StartError `file-missing`, `file-invalid` when it is not right now
 */
export async function watchFile<Value>(
  path: string,
  { parse, onLoaded, onRefused, lookEveryMs = LOOK_EVERY_MS }: WatchOptions<Value>,
): Promise<WatchedFile<Value>> {
  let seen = await stateOf(path);
  let current = parseText(path, await readText(path), parse);
  let looking: Promise<void> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  async function lookOnce(): Promise<void> {
    const state = await stateOf(path);
    if (state === seen) return;
    seen = state;
    try {
      current = parseText(path, await readText(path), parse);
      onLoaded(current);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      onRefused(error);
    }
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    get current() {
      return current;
    },
    look,
    watch() {
      timer ??= setInterval(look, lookEveryMs).unref();
    },
    close: () => clearInterval(timer),
  };
}

/** Changes with the file, also where another one takes its name. */
async function stateOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats ? [stats.ino, stats.size, stats.mtimeNs].join() : 'none';
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    throw new StartError('file-missing', `${path}: expected a JSON file, got none to read.`, {
      cause,
    });
  }
  throw new StartError('file-invalid', `${path}: expected at most ${MAX_BYTES} bytes, got more.`);
}

function parseText<Value>(path: string, text: string, parse: (document: unknown) => Value): Value {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new StartError('file-invalid', `${path}: expected JSON, got ${messageOf(cause)}.`, {
      cause,
    });
  }
  try {
    return parse(document);
  } catch (cause) {
    if (!isNearsideError(cause)) throw cause;
    throw new StartError('file-invalid', `${path}: ${cause.message}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
