import { isIPv6 } from 'node:net';
import type { ModelFacts } from '@nearside/core';
import { readDashboard } from './dashboard.js';
import { listen } from './listen.js';
import { createNames } from './names.js';
import { createProcessMetrics } from './process-metrics.js';
import { createServer } from './server.js';
import { shareAnswers } from './share-answers.js';
import { sqliteAnswers } from './sqlite/answers-in-worker.js';
import { openSqliteRollupStore } from './sqlite/sqlite-rollup-store.js';

export const COLLECTOR_DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  /** Under this many devices a group could say something about one of them. */
  minDevices: 50,
  pruneEveryMs: 3_600_000,
  /** What an inference is to take at most. */
  targetMs: 200,
});

export interface CollectorOptions {
  /** SQLite file, created with its folder when missing; `:memory:` keeps nothing. */
  readonly file: string;
  /** Address to listen on. */
  readonly host?: string;
  /** Left out: 8787 or the next free one. 0: any free one. */
  readonly port?: number;
  /** Groups of fewer devices are suppressed in `/v1/fleet`, except for callers on this machine. */
  readonly minDevices?: number;
  /** What `nearside facts` wrote: the models and versions that get rows. Left out: those that report first. */
  readonly models?: ModelFacts;
  /** What an inference is to take at most, ms; `/metrics` counts those that do. */
  readonly targetMs?: number;
  /** Viewers who ask within this time read the same answer. */
  readonly shareForMs?: number;
  /** The clock, Unix ms. */
  readonly now?: () => number;
  /** Told of failures of the store; senders were answered 503 and keep their reports. */
  readonly onError?: (error: unknown) => void;
}

export interface Collector extends AsyncDisposable {
  /** Without a slash at the end: `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly port: number;
  /** From now on the models and versions of these facts get rows. */
  useModels(facts: ModelFacts): void;
  /** Finishes requests under way, then closes the file. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the store and serves it.
 *
 * @throws NearsideError `store-unavailable` when the file cannot be opened
 * @throws Error when the port is busy
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { file, port, now = Date.now, onError = () => {} } = options;
  const { host = COLLECTOR_DEFAULTS.host, minDevices = COLLECTOR_DEFAULTS.minDevices } = options;
  const { models, shareForMs, targetMs = COLLECTOR_DEFAULTS.targetMs } = options;
  checkMinDevices(minDevices);

  const store = openSqliteRollupStore(file);
  const metrics = createProcessMetrics(now());
  const names = createNames(await store.names(), {
    ...(models && { facts: models }),
    onFold: metrics.countFolded,
  });
  const reading = sqliteAnswers(store, { file, targetMs });
  const answers = shareAnswers(reading, { forMs: shareForMs });
  const server = createServer({
    store,
    answers,
    names,
    metrics,
    minDevices,
    dashboard: readDashboard(),
    now,
    onError,
  });
  const pruneTimer = setInterval(prune, COLLECTOR_DEFAULTS.pruneEveryMs).unref();
  let closing: Promise<void> | undefined;

  function prune(): void {
    store.prune(now()).catch(onError);
  }

  async function shutDown(): Promise<void> {
    clearInterval(pruneTimer);
    try {
      await server.close();
    } finally {
      await reading.close();
      await store.close();
    }
  }

  function close(): Promise<void> {
    closing ??= shutDown();
    return closing;
  }

  try {
    prune();
    const boundPort = await listen(server, { host, port });
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`;
    return {
      url,
      port: boundPort,
      useModels: names.useFacts,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function checkMinDevices(minDevices: number): void {
  if (!Number.isSafeInteger(minDevices) || minDevices < 1) {
    throw new RangeError(`minDevices: expected an integer ≥ 1, got ${minDevices}`);
  }
}
