import { isIPv6 } from 'node:net';
import type { ModelFacts } from '@nearside/core';
import { type AccessOptions, accessInAudit, accessOf, checkAccess } from '../access/access.js';
import { limitConnections } from '../access/connection-limit.js';
import { openAnswers } from '../answers/answers-in-worker.js';
import { shareAnswers } from '../answers/share-answers.js';
import { type AuditLog, openAuditLog } from '../files/audit-log.js';
import { type ConfiguredFiles, openConfiguredFiles } from '../files/configured-files.js';
import { createLooking } from '../findings/looking.js';
import { createNotices } from '../findings/notices.js';
import { createProcessMetrics, type ProcessMetrics } from '../metrics/process-metrics.js';
import { publicAddressOf, receiverOf } from '../sending/receiver.js';
import type { RollupStore } from '../store/rollup-store.js';
import { type StoreChoice, storeOf } from '../store-at.js';
import { forwardTraces } from '../traces/forward-traces.js';
import { readDashboard } from './dashboard.js';
import { drain } from './drain.js';
import { listen, requireFreePort } from './listen.js';
import { createModels } from './models.js';
import { createReadiness } from './readiness.js';
import { createServer } from './server.js';

export const COLLECTOR_DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  /** A smaller group could say something about one device. */
  minDevices: 50,
  pruneEveryMs: 3_600_000,
  /** Devices speak as often. */
  lookEveryMs: 300_000,
  /** What another collector of the store was given holds here soon, and what could not be written is tried again. */
  followEveryMs: 10_000,
});

export interface CollectorOptions extends AccessOptions, StoreChoice {
  /** Address to listen on. */
  readonly host?: string;
  /** By default 8787 or the next free one. 0 takes any free one. */
  readonly port?: number;
  /** Groups of fewer devices are suppressed in `/v1/fleet`; with `local` not for callers on this machine. */
  readonly minDevices?: number;
  /** Administrative acts are added to this file, a line of JSON each. */
  readonly auditLog?: string;
  /**
   * Models and versions that get rows, as `nearside facts` wrote them. A file is read again when it changes. By default
   * those that report first get rows.
   */
  readonly models?: string | ModelFacts;
  /** JSON file of targets, read again when it changes. */
  readonly slo?: string;
  /** JSON file of what inferences cost elsewhere, read again when it changes. */
  readonly prices?: string;
  /** Receiver of OTLP/HTTP that also gets the traces that are kept: `https://otel.example/v1/traces`. */
  readonly tracesTo?: string;
  /** Receiver that is told of each finding when it begins and when it ends: `https://chat.example/hooks/1`. */
  readonly notifyTo?: string;
  /** Address at which people reach this collector, for links in notices. By default the one that it listens on. */
  readonly url?: string;
  /** Findings are looked for so often. */
  readonly lookEveryMs?: number;
  /** Viewers who ask within this time read the same answer. */
  readonly shareForMs?: number;
  /** The clock, Unix ms. */
  readonly now?: () => number;
  /** Told of what fails while it runs, and of what an operator should know. Senders of what failed were answered 503. */
  readonly onError?: (error: unknown) => void;
}

export interface Collector extends AsyncDisposable {
  /** Without a slash at the end: `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly port: number;
  /** From now on the models and versions of these facts get rows. */
  useModels(facts: ModelFacts): void;
  /** Looks for findings now. It does so by itself too. */
  look(): Promise<void>;
  /** Finishes requests under way, then closes the store. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the store and serves it.
 *
 * @throws StartError when an option cannot be, a file is not right or the port is busy
 * @throws NearsideError `store-unavailable` when the file or the database cannot be opened
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const settings = settingsOf(options);
  const { place, host, access } = settings;
  await requireFreePort({ host, port: options.port });
  const parts = await openParts(settings);
  let watching: Watching | undefined;
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    closing ??= closeParts(parts, watching).then(() => {
      if (watching) parts.audit.write('stop', place.named);
    });
    return closing;
  }

  try {
    const port = await listen(parts.server, { host, port: options.port });
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
    parts.files.watch();
    watching = startWatching(settings, parts, settings.url ?? url);
    parts.audit.write('start', { ...place.named, url, ...accessInAudit(access) });
    return {
      url,
      port,
      useModels: parts.models.use,
      look: watching.look,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Options with their defaults, checked. */
type Settings = ReturnType<typeof settingsOf>;

function settingsOf(options: CollectorOptions) {
  const { now = Date.now, onError = () => {}, tracesTo, notifyTo } = options;
  const { host = COLLECTOR_DEFAULTS.host, minDevices = COLLECTOR_DEFAULTS.minDevices } = options;
  const access = accessOf(options);
  if (!Number.isSafeInteger(minDevices) || minDevices < 1) {
    throw new RangeError(`minDevices: expected an integer ≥ 1, got ${minDevices}`);
  }
  const forward = tracesTo === undefined ? undefined : forwardTraces(tracesTo, { onError });
  const receiver = notifyTo === undefined ? undefined : receiverOf(notifyTo);
  const url = options.url === undefined ? undefined : publicAddressOf(options.url);
  checkAccess(access, host);
  const place = storeOf(options);
  return { ...options, place, host, minDevices, now, onError, access, forward, receiver, url };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

/** Opens all but the port. */
async function openParts(settings: Settings) {
  const { now, onError } = settings;
  const audit = openAuditLog(settings.auditLog, { now, onError });
  const metrics = createProcessMetrics(now());
  const files = await openFiles(settings, audit, metrics);
  const store = await openStore(settings, audit, metrics);
  try {
    const opened = { audit, metrics, files, store };
    return { ...opened, ...(await openServing(settings, opened)) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Opened {
  readonly audit: AuditLog;
  readonly metrics: ProcessMetrics;
  readonly files: ConfiguredFiles;
  readonly store: RollupStore;
}

/** Opens what stands on the store, and begins what is done again and again. */
async function openServing(settings: Settings, { audit, metrics, files, store }: Opened) {
  const { place, access, minDevices, forward, now, onError } = settings;
  const given = typeof settings.models === 'string' ? files.facts.current() : settings.models;
  const models = await createModels(store, given, { now, onError, onFold: metrics.countFolded });
  files.facts.onChange(models.use);
  const reading = openAnswers(store, place);
  const server = createServer({
    store,
    answers: shareAnswers(reading, { forMs: settings.shareForMs }),
    names: models.names,
    metrics,
    minDevices,
    access,
    targets: files.targets,
    facts: models.facts,
    prices: files.prices,
    readiness: createReadiness({ write: () => store.add([]), freeBytes: store.freeBytes }),
    dashboard: readDashboard(),
    forwardTraces: forward,
    now,
    onError,
  });
  const connections = limitConnections(server.server, access.maxConnections);
  async function prune(): Promise<void> {
    if (!(await store.isKeeper())) return;
    await store.prune(now());
    audit.write('prune', place.named);
  }
  const { pruneEveryMs, followEveryMs } = COLLECTOR_DEFAULTS;
  const repeated = [
    repeat(prune, { everyMs: pruneEveryMs, onError }),
    repeat(models.follow, { everyMs: followEveryMs, onError }),
  ];
  return { models, reading, server, connections, repeated };
}

type Watching = ReturnType<typeof startWatching>;

/** Looks for findings, now and again each time, and has notices sent of what it has written down. */
function startWatching(settings: Settings, parts: Parts, url: string) {
  const { minDevices, receiver, now, onError } = settings;
  const { lookEveryMs = COLLECTOR_DEFAULTS.lookEveryMs } = settings;
  const { store, reading, models, files } = parts;
  const looking = createLooking({
    store,
    answers: reading,
    context: () => ({ minDevices, targets: files.targets() }),
    facts: models.facts,
    everyMs: lookEveryMs,
    now,
    onError,
  });
  const notices = receiver && createNotices({ receiver, url, store, now, onError });
  async function look(): Promise<void> {
    await looking.look();
    notices?.send();
  }
  const looks = repeat(look, { everyMs: lookEveryMs, onError });
  async function close(): Promise<void> {
    looks.stop();
    await Promise.all([looking.close(), notices?.close()]);
  }
  return { look, close };
}

async function closeParts(parts: Parts, watching: Watching | undefined): Promise<void> {
  const { files, store, reading, server, connections, repeated } = parts;
  for (const { stop } of repeated) stop();
  const watched = watching?.close();
  files.close();
  try {
    await drain(server, connections);
  } finally {
    await reading.close();
    await watched;
    await store.close();
    await Promise.all(repeated.map(({ last }) => last()));
  }
}

async function openFiles(
  { models, slo, prices, now, onError }: Settings,
  audit: AuditLog,
  metrics: ProcessMetrics,
): Promise<ConfiguredFiles> {
  const files = await openConfiguredFiles({
    paths: { models: typeof models === 'string' ? models : undefined, targets: slo, prices },
    audit,
    onState: metrics.fileState,
    onError,
  });
  // an older publisher names no time: then they are as old as they are known here
  const note = ({ verifiedMs = now() }: ModelFacts) => metrics.factsVerified(verifiedMs);
  const given = files.facts.current();
  if (given) note(given);
  files.facts.onChange(note);
  return files;
}

function openStore(
  { file = '', place, onError }: Settings,
  audit: AuditLog,
  metrics: ProcessMetrics,
): Promise<RollupStore> {
  return place.open({
    onError,
    onFold: metrics.countFolded,
    onSetAside: metrics.rowsSetAside,
    onMigrated({ from, to, copy }) {
      audit.write('migrate', { file, from, to, copy });
      onError(
        new Error(
          `${file} was of schema ${from} and is of schema ${to} now. ${copy} is the file as it was: remove it when all is well.`,
        ),
      );
    },
  });
}

interface RepeatOptions {
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** Does it now, and again each time, whether or not it failed before, unless it is still at it. */
function repeat(act: () => Promise<void>, { everyMs, onError }: RepeatOptions) {
  let isRunning = false;
  async function run(): Promise<void> {
    isRunning = true;
    await act().catch(onError);
    isRunning = false;
  }
  let last = run();
  const timer = setInterval(() => {
    if (!isRunning) last = run();
  }, everyMs).unref();
  return { stop: () => clearInterval(timer), last: () => last };
}
