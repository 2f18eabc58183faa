import { toHex } from '@nearside/artifact';
import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import type { Store } from '@nearside/core';
import { openStore } from '#platform';
import type { ReportTotals } from '../api/model.js';
import type { StoreChoice } from '../api/open-options.js';
import type { ReportTarget } from '../options/plan-opening.js';
import { isHidden, onVisibilityChange } from '../page.js';
import type { InstallIdentity } from '../protocol.js';
import { LAST_STORING_MS, settlesWithin, unref } from '../timers.js';
import { createDelivery } from './deliver.js';
import { type DropReason, openOutbox } from './outbox.js';
import {
  createReportingDays,
  type ReadReportingDay,
  type ReportingDay,
  utcDay,
} from './reporting-day.js';
import { type Dimensions, sealReport } from './seal-report.js';
import { createTally, isEmpty, type Tally } from './tally.js';

/** A window is sealed after this long, or earlier when the page is hidden or closed, ms. */
const WINDOW_MS = 5 * 60 * 1000;
/** How long `close` waits for delivery, ms. What is not sent stays stored. */
const CLOSE_MS = 2_000;

/** Counts into windows, seals them, stores them, sends them. */
export interface Reporter {
  /** The window to count into now. */
  readonly window: Tally;
  /** Seals the window and sends everything. Never rejects. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface ReportWindow {
  readonly startMs: number;
  readonly tally: Tally;
}

export interface ReporterOptions {
  readonly target: ReportTarget;
  /** When the first window began, Unix time, ms; now by default. */
  readonly startMs?: number | undefined;
  readonly store: Store;
  /** Reads its days. */
  readonly readDay: ReadReportingDay;
  /** Counted up as reports are sealed and sent. */
  readonly totals: ReportTotals;
  readonly identity: InstallIdentity;
  readonly dimensions: Omit<Dimensions, 'weight'>;
  readonly driftEdges: string | undefined;
  readonly onSent: (id: string) => void;
  readonly onDropped: (id: string, reason: DropReason) => void;
}

/** Starts the reporters of one open model, one for each version on a backend. */
export interface Reporting {
  start(options: Omit<ReporterOptions, 'store' | 'readDay'>): Reporter;
  /** When its reporters are closed. Waits for a store that answers, and no longer. */
  close(): Promise<void>;
}

/** Reports wait in one store of their own, whichever version of a model they are about. */
export function openReporting(choice: StoreChoice): Reporting {
  const store = withMemoryFallback(openStore('nearside-reports', choice));
  const readDay = createReportingDays(store);
  let isClosed = false;
  return {
    start(options) {
      const reporter = startReporter({ ...options, store, readDay });
      if (isClosed) void reporter.close();
      return reporter;
    },
    async close() {
      isClosed = true;
      await settlesWithin(LAST_STORING_MS, store.close());
    },
  };
}

export function startReporter(options: ReporterOptions): Reporter {
  const { target, store, totals, identity, driftEdges } = options;
  const onDropped = (id: string, reason: DropReason) => {
    totals.dropped += 1;
    options.onDropped(id, reason);
  };
  const outbox = openOutbox(store, { endpoints: target.endpoints, onDropped });
  const delivery = createDelivery({
    outbox,
    endpoints: target.endpoints,
    onDropped,
    onKept(problem) {
      totals.problem = problem;
    },
    onSent({ id }) {
      totals.sent += 1;
      totals.problem = undefined;
      options.onSent(id);
    },
  });
  let day: ReportingDay | undefined;
  let dayRead: Promise<void> = Promise.resolve();
  let window = openWindow(options.startMs ?? Date.now());

  /** The day is read ahead, so that a page that is being closed can seal in one step. */
  function openWindow(startMs: number): ReportWindow {
    if (day?.name !== utcDay(startMs)) dayRead = readDay(startMs).catch(() => {});
    return { startMs, tally: createTally() };
  }

  async function readDay(nowMs: number): Promise<void> {
    day = undefined;
    const { model, version } = options.dimensions;
    day = await options.readDay({ identity, target, model, version, nowMs });
  }

  /** The window is swapped at once: a run that ends meanwhile counts into the next. */
  async function seal(): Promise<void> {
    const sealed = window;
    if (!day) await dayRead;
    const today = day;
    const endMs = Date.now();
    if (sealed !== window) return;
    window = openWindow(endMs);
    if (isEmpty(sealed.tally) || !today?.sampled) return;
    await keep(sealed, { endMs, today });
  }

  async function keep(
    { tally, startMs }: ReportWindow,
    { endMs, today }: { endMs: number; today: ReportingDay },
  ): Promise<void> {
    const first = !today.reported;
    const report = sealReport(tally, {
      id: toHex(crypto.getRandomValues(new Uint8Array(16))),
      cohort: identity.cohort,
      first,
      startMs,
      endMs,
      dimensions: { ...options.dimensions, weight: 1 / target.sampleRate },
      driftEdges,
    });
    today.reported = true;
    try {
      if (!(await outbox.put(report, new Map([[today.key, today.name]])))) return;
      totals.sealed += 1;
      totals.sealedRuns += tally.ok;
    } catch (error) {
      today.reported = !first;
      throw error;
    }
  }

  async function flush(): Promise<void> {
    // A store that fails loses this window, never the page's call.
    await seal().catch(() => {});
    await delivery.drain();
  }

  const timer = setInterval(() => void flush(), WINDOW_MS);
  unref(timer);
  const unhook = hookPage({ onHide: () => void flush(), onOnline: () => void delivery.drain() });
  // Hidden before there was anybody to hear of it: what was counted until now is sealed as it would have been.
  if (isHidden()) setTimeout(() => void flush());
  void delivery.drain();

  return {
    get window() {
      return window.tally;
    },
    flush,
    async close() {
      clearInterval(timer);
      unhook();
      let patience: ReturnType<typeof setTimeout> | undefined;
      const tooLate = new Promise<void>((resolve) => {
        patience = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([flush(), tooLate]);
      clearTimeout(patience);
      delivery.close();
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
