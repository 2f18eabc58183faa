import { isIPv6 } from 'node:net';
import type { ModelFacts } from '@nearside/core';
import { type AccessOptions, accessInAudit, accessOf, checkAccess } from '../access/access.js';
import { limitConnections } from '../access/connection-limit.js';
import { shareAnswers } from '../answers/share-answers.js';
import { createNames } from '../counting/names.js';
import { openAuditLog } from '../files/audit-log.js';
import { openConfiguredFiles } from '../files/configured-files.js';
import { releaseStates } from '../files/release-states.js';
import { createProcessMetrics } from '../metrics/process-metrics.js';
import { sqliteAnswers } from '../sqlite/answers-in-worker.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { forwardTraces } from '../traces/forward-traces.js';
import { readDashboard } from './dashboard.js';
import { drain } from './drain.js';
import { listen } from './listen.js';
import { createReadiness, freeBytesBeside } from './readiness.js';
import { createServer } from './server.js';

export const COLLECTOR_DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  /** Under this many devices a group could say something about one of them. */
  minDevices: 50,
  pruneEveryMs: 3_600_000,
});

export interface CollectorOptions extends AccessOptions {
  /** SQLite file, created with its folder when missing; `:memory:` keeps nothing. */
  readonly file: string;
  /** Address to listen on. */
  readonly host?: string;
  /** Left out: 8787 or the next free one. 0: any free one. */
  readonly port?: number;
  /** Groups of fewer devices are suppressed in `/v1/fleet`, except for callers on this machine. */
  readonly minDevices?: number;
  /** File to which administrative acts are added, a line of JSON each. */
  readonly auditLog?: string;
  /**
   * What `nearside facts` wrote: the models and versions that get rows. A file is read again when it changes. Left out:
   * those that report first.
   */
  readonly models?: string | ModelFacts;
  /** Targets, as JSON; read again when it changes. */
  readonly slo?: string;
  /** What inferences cost elsewhere, as JSON; read again when it changes. */
  readonly prices?: string;
  /** Receiver of OTLP/HTTP that gets all traces as well: `https://otel.example/v1/traces`. */
  readonly tracesTo?: string;
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
 * @throws StartError when an option cannot be, a file is not right or the port is busy
 * @throws NearsideError `store-unavailable` when the file cannot be opened
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { file, port, now = Date.now, onError = () => {} } = options;
  const { host = COLLECTOR_DEFAULTS.host, minDevices = COLLECTOR_DEFAULTS.minDevices } = options;
  const { models, shareForMs, tracesTo } = options;
  const access = accessOf(options);
  checkMinDevices(minDevices);
  const forward = tracesTo === undefined ? undefined : forwardTraces(tracesTo, { onError });
  checkAccess(access, host);

  const audit = openAuditLog(options.auditLog, { now, onError });
  const metrics = createProcessMetrics(now());
  const files = await openConfiguredFiles({
    paths: {
      models: typeof models === 'string' ? models : undefined,
      targets: options.slo,
      prices: options.prices,
    },
    audit,
    onState: (name, state) => metrics.fileState(name, state, now()),
    onError,
  });
  const store = openSqliteRollupStore(file, {
    onMovedAside: ({ schema, to }) => {
      audit.write('move-aside', { file, schema, to });
      onError(
        new Error(
          `${file} has schema ${schema}, which was never released. It is now ${to}, and a new file was begun.`,
        ),
      );
    },
  });
  let facts = typeof models === 'string' ? files.facts.current() : models;
  const names = createNames(await store.names(), {
    ...(facts && { facts }),
    onFold: metrics.countFolded,
  });
  if (facts) await noteReleases(facts);
  files.facts.onChange(useModels);
  const reading = sqliteAnswers(store, { file });
  const answers = shareAnswers(reading, { forMs: shareForMs });
  const readiness = createReadiness({
    write: async () => {
      await store.add([]);
    },
    freeBytes: () => freeBytesBeside(file),
  });
  const server = createServer({
    store,
    answers,
    names,
    metrics,
    minDevices,
    access,
    targets: files.targets,
    facts: () => facts,
    prices: files.prices,
    readiness,
    dashboard: readDashboard(),
    forwardTraces: forward,
    now,
    onError,
  });
  const connections = limitConnections(server.server, access.maxConnections);
  const pruneTimer = setInterval(prune, COLLECTOR_DEFAULTS.pruneEveryMs).unref();
  let pruning: Promise<void> | undefined;
  let isStarted = false;
  let closing: Promise<void> | undefined;

  function prune(): void {
    pruning = store.prune(now()).then(() => audit.write('prune', { file }), onError);
  }

  function useModels(newer: ModelFacts): void {
    facts = newer;
    names.useFacts(newer);
    void noteReleases(newer);
  }

  function noteReleases(known: ModelFacts): Promise<void> {
    return store.addReleases(releaseStates(known), now()).catch(onError);
  }

  async function shutDown(): Promise<void> {
    clearInterval(pruneTimer);
    files.close();
    try {
      await drain(server, connections);
    } finally {
      await reading.close();
      await store.close();
      await pruning;
      if (isStarted) audit.write('stop', { file });
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
    files.watch();
    isStarted = true;
    audit.write('start', { file, url, ...accessInAudit(access) });
    return {
      url,
      port: boundPort,
      useModels,
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
