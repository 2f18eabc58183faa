import { toHex } from '@nearside/artifact';
import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import type { LossReason, Store } from '@nearside/core';
import { openStore } from '#platform';
import type { ReportTotals } from '../api/model.js';
import type { StoreChoice } from '../api/open-options.js';
import type { ReportTarget } from '../options/plan-opening.js';
import { isHidden, onVisibilityChange } from '../page.js';
import type { InstallIdentity } from '../protocol.js';
import { LAST_STORING_MS, settlesWithin, unref } from '../timers.js';
import { createDelivery, type Delivery } from './deliver.js';
import { possibleFirsts } from './firsts.js';
import { type Outbox, openOutbox } from './outbox.js';
import {
  type ReportingDay,
  readReportingDay,
  readWindowLengths,
  utcDay,
  type WindowLengths,
} from './reporting-day.js';
import type { Counted, RunShelf } from './run-memory.js';
import { sealReport } from './seal-report.js';
import { createTally, increment, type Tally } from './tally.js';

/** A window that is so much longer than it was to be has slept, ms. */
const SLEPT_MS = 60_000;
/** How long `close` waits for delivery, ms. What is not sent stays stored. */
const CLOSE_MS = 2_000;

/** Counts into windows, seals them, stores them, sends them: one version on one backend. */
export interface Reporter {
  count(add: (tally: Tally) => void): void;
  /** Seals the window and sends everything. Never rejects. */
  flush(): Promise<void>;
  /** Seals no more by itself. */
  stop(): void;
}

/** The reports of one open model. */
export interface Reporting extends RunShelf {
  /**
   * Of one version on one backend.
   *
   * @param startMs when its first window begins, Unix time; now, by default
   */
  of(counted: Counted, startMs?: number): Reporter;
  /** Seals and sends what there is. Waits for a store that answers, and no longer. */
  close(): Promise<void>;
}

export interface ReportingContext {
  readonly identity: InstallIdentity;
  /** Counted up as reports are sealed and sent. */
  readonly totals: ReportTotals;
  readonly onSent: (id: string) => void;
  readonly onDropped: (id: string, reason: LossReason) => void;
}

/** Reports wait in one store of their own, whichever version of a model they are about. */
export function openReporting(
  target: ReportTarget,
  { store: choice, ...context }: ReportingContext & { readonly store: StoreChoice },
): Reporting {
  const store = withMemoryFallback(openStore('nearside-reports', choice));
  return startReporting(target, { ...context, store });
}

export function startReporting(
  target: ReportTarget,
  context: ReportingContext & { readonly store: Store },
): Reporting {
  const { store, totals } = context;
  const reporters = new Map<string, Reporter>();
  const lost = new Map<LossReason, number>();
  let changes: () => ReadonlyMap<string, unknown> = () => new Map();

  function onDropped(id: string, reason: LossReason): void {
    totals.dropped += 1;
    increment(lost, reason);
    context.onDropped(id, reason);
  }
  const outbox = openOutbox(store, { endpoints: target.endpoints, onDropped });
  const delivery = createDelivery({
    outbox,
    endpoints: target.endpoints,
    mayReport,
    onDropped,
    onKept(problem) {
      totals.problem = problem;
    },
    onSent({ id }) {
      totals.sent += 1;
      totals.problem = undefined;
      context.onSent(id);
    },
  });

  /** Asked before anything is stored for sending, and before it is sent. What waits goes where it may not. */
  async function mayReport(): Promise<boolean> {
    if (!target.consent) return true;
    const isGiven = await Promise.resolve(target.consent()).then(
      (answer) => answer === true,
      () => false,
    );
    if (isGiven) return true;
    await outbox.clear();
    await store.commit({ delete: await store.keys('f/') });
    return false;
  }

  function start(counted: Counted, startMs: number): Reporter {
    const { model, version } = counted.dimensions;
    const shared = {
      ...context,
      target,
      outbox,
      delivery,
      mayReport,
      lost,
      changes: () => changes(),
    };
    const lengths = readWindowLengths(store, { model, version });
    return startReporter(counted, { ...shared, lengths, startMs });
  }

  const all = () => [...reporters.values()];
  const flush = async () => void (await Promise.all(all().map((reporter) => reporter.flush())));
  const unhook = hookPage({ onHide: () => void flush(), onOnline: () => void delivery.drain() });
  // Hidden before there was anybody to hear of it: what was counted until now is sealed as it would have been.
  if (isHidden()) setTimeout(() => void flush());
  void delivery.drain();

  return {
    keys: (prefix) => store.keys(prefix),
    get: (key) => store.get(key),
    discard: (keys) => void store.commit({ delete: keys }).catch(() => {}),
    keepAlong(given) {
      changes = given;
    },
    of(counted, startMs = Date.now()) {
      const { manifest, variant, backend } = counted.dimensions;
      const key = `${manifest} ${variant} ${backend}`;
      const reporter = reporters.get(key) ?? start(counted, startMs);
      reporters.set(key, reporter);
      return reporter;
    },
    async close() {
      unhook();
      for (const reporter of all()) reporter.stop();
      await settlesWithin(CLOSE_MS, flush());
      delivery.close();
      await settlesWithin(LAST_STORING_MS, store.close());
    },
  };
}

interface ReportWindow {
  readonly startMs: number;
  /** When something was counted last. */
  lastMs: number;
  readonly tally: Tally;
}

interface ReporterContext extends ReportingContext {
  readonly target: ReportTarget;
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  readonly mayReport: () => Promise<boolean>;
  /** What reports of this model do not say, until one says that. */
  readonly lost: Map<LossReason, number>;
  /** What is to be stored with the next report. */
  readonly changes: () => ReadonlyMap<string, unknown>;
  readonly lengths: Promise<WindowLengths>;
  readonly startMs: number;
}

function startReporter(counted: Counted, context: ReporterContext): Reporter {
  const { target, outbox, delivery, totals, identity, lost } = context;
  let day: ReportingDay | undefined;
  let dayRead: Promise<void> = Promise.resolve();
  let lengths: WindowLengths | undefined;
  let window = openWindow(context.startMs);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  /** The day is read ahead, so that a page that is being closed can seal in one step. */
  function openWindow(startMs: number): ReportWindow {
    if (day?.name !== utcDay(startMs)) dayRead = readDay(startMs).catch(() => {});
    return { startMs, lastMs: startMs, tally: createTally() };
  }

  async function readDay(nowMs: number): Promise<void> {
    day = undefined;
    day = await readReportingDay({ identity, target, nowMs });
  }

  function lengthMs(): number {
    return lengths?.nextMs ?? 0;
  }

  function hasSlept({ startMs }: ReportWindow): boolean {
    return lengths !== undefined && Date.now() - startMs > lengthMs() + SLEPT_MS;
  }

  /** The window is swapped at once: a run that ends meanwhile counts into the next. */
  async function seal(): Promise<void> {
    const sealed = window;
    if (!day) await dayRead;
    const today = day;
    if (sealed !== window) return;
    const nowMs = Date.now();
    const endMs = hasSlept(sealed) ? sealed.lastMs : nowMs;
    window = openWindow(nowMs);
    if (!today?.isSampled) return;
    for (const [reason, n] of lost) increment(sealed.tally.loss, reason, n);
    lost.clear();
    await keep(sealed, endMs).catch((error) => {
      increment(lost, 'store-failed');
      throw error;
    });
  }

  async function keep({ tally, startMs }: ReportWindow, endMs: number): Promise<void> {
    const { app, sampleRate } = target;
    const dimensions = { ...counted.dimensions, ...(app && { app }), weight: 1 / sampleRate };
    const report = sealReport(tally, {
      id: toHex(crypto.getRandomValues(new Uint8Array(16))),
      cohort: identity.cohort,
      startMs,
      endMs,
      dimensions,
      baseline: counted.baseline?.hash,
    });
    if (!report || (target.consent && !(await context.mayReport()))) return;
    const firsts = possibleFirsts(dimensions, { startMs, hasFailed: tally.errors.size > 0 });
    const entries = new Map([...context.changes(), ...(lengths?.sealed() ?? [])]);
    if (!(await outbox.put(report, { firsts, entries }))) return;
    totals.sealed += 1;
    totals.sealedRuns += tally.ok;
  }

  async function flush(): Promise<void> {
    // A store that fails loses this window, never the page's call.
    await seal().catch(() => {});
    await delivery.drain();
  }

  function schedule(): void {
    if (isStopped) return;
    timer = setTimeout(() => void flush().finally(schedule), lengthMs());
    unref(timer);
  }

  context.lengths.then(
    (read) => {
      lengths = read;
      schedule();
    },
    () => {}, // a store that cannot be read: what is counted is sealed when the page is hidden
  );

  return {
    count(add) {
      if (hasSlept(window)) void flush(); // what happens after the wake is in a window of its own
      add(window.tally);
      window.lastMs = Date.now();
    },
    flush,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** A page that is hidden may never come back: what it counted is sealed then. */
function hookPage({ onHide, onOnline }: { onHide: () => void; onOnline: () => void }): () => void {
  if (typeof document === 'undefined') return () => {};
  const endVisibility = onVisibilityChange(() => {
    if (isHidden()) onHide();
  });
  globalThis.addEventListener('pagehide', onHide);
  globalThis.addEventListener('online', onOnline);
  return () => {
    endVisibility();
    globalThis.removeEventListener('pagehide', onHide);
    globalThis.removeEventListener('online', onOnline);
  };
}
