import { readFile, stat } from 'node:fs/promises';
import { isNearsideError } from '@nearside/core';
import { StartError } from '../refusals/start-error.js';

/** A file is looked at so often, because nobody is told when a mounted secret or a renamed file changes. */
const LOOK_EVERY_MS = 2_000;

/** Facts of a hundred models with a hundred versions are a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A file that may change while the collector runs. */
export interface WatchedFile<Value> {
  /** The last value that was right. */
  readonly current: Value;
  /** Looks now whether it has changed. */
  look(): Promise<void>;
  /** Looks by itself from now on, until it is closed. */
  watch(): void;
  close(): void;
}

export interface WatchOptions<Value> {
  /** @throws NearsideError where the document is not right */
  readonly parse: (document: unknown) => Value;
  /** Called when the file has a new value, but not at the start. */
  readonly onLoaded: (value: Value) => void;
  /** Called once for each broken state of the file. `current` then stays. */
  readonly onRefused: (error: StartError) => void;
  readonly lookEveryMs?: number;
}

/**
 * Reads a JSON file now, and again when it has changed.
 *
 * @throws StartError `file-missing`, `file-invalid` when the file is not right now
 */
export async function watchFile<Value>(
  path: string,
  { parse, onLoaded, onRefused, lookEveryMs = LOOK_EVERY_MS }: WatchOptions<Value>,
): Promise<WatchedFile<Value>> {
  let seen = await stateOf(path);
  let current = await readJsonFile(path, parse);
  let looking: Promise<void> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  async function lookOnce(): Promise<void> {
    const state = await stateOf(path);
    if (state === seen) return;
    seen = state;
    try {
      current = await readJsonFile(path, parse);
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

/**
 * Reads a JSON file once.
 *
 * @throws StartError `file-missing`, `file-invalid`, naming the file and the field
 */
export async function readJsonFile<Value>(
  path: string,
  parse: (document: unknown) => Value,
): Promise<Value> {
  return parseText(path, await readText(path), parse);
}

/** The state changes with the file, and when another file takes its name. */
async function stateOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats ? [stats.ino, stats.size, stats.mtimeNs].join() : 'none';
}

async function readText(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    // a pipe would keep who reads it waiting
    if (!stats.isFile()) throw notAFile(path);
    if (stats.size <= MAX_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError('file-missing', `${path}: expected a JSON file that can be read.`, {
      cause,
    });
  }
  throw new StartError('file-invalid', `${path}: expected at most ${MAX_BYTES} bytes, got more.`);
}

function notAFile(path: string): StartError {
  return new StartError(
    'file-invalid',
    `${path}: expected a regular file, which can be read again, got a pipe, a folder or a device.`,
  );
}

function parseText<Value>(path: string, text: string, parse: (document: unknown) => Value): Value {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new StartError('file-invalid', `${path}: expected JSON, got ${reason}.`, { cause });
  }
  try {
    return parse(document);
  } catch (cause) {
    if (!isNearsideError(cause)) throw cause;
    throw new StartError('file-invalid', `${path}: ${cause.message}`, { cause });
  }
}
