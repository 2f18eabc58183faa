import { toHex } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import { createDelivery } from './deliver.js';
import type { InstallIdentity } from './install-identity.js';
import { type DropReason, openOutbox } from './outbox.js';
import { type ReportingDay, readReportingDay, utcDay } from './reporting-day.js';
import { type Dimensions, sealReport } from './seal-report.js';
import { createTally, isEmpty, type Tally } from './tally.js';

/** A window is sealed after this long, or earlier when the page is hidden or closed, ms. */
const WINDOW_MS = 5 * 60 * 1000;
/** How long `close` waits for delivery, ms. What is not sent stays stored. */
const CLOSE_MS = 2_000;

/** Where reports go, as `open` was told. */
export interface ReportTarget {
  readonly endpoints: readonly string[];
  /** Share of device-days that report, 0 … 1. */
  readonly sampleRate: number;
}

/** Counts into windows, seals them, stores them, sends them. */
export interface Reporter {
  /** The window to count into now. */
  readonly window: Tally;
  readonly totals: ReportTotals;
  /** Seals the window and sends everything. Never rejects. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What has been reported since the model was opened. */
export interface ReportTotals {
  /** Sealed and stored. */
  sealed: number;
  /** Successful runs in those. */
  sealedRuns: number;
  /** Accepted by a collector, those of earlier visits included. */
  sent: number;
  dropped: number;
}

export interface ReporterOptions {
  readonly target: ReportTarget;
  readonly store: Store;
  readonly identity: InstallIdentity;
  readonly dimensions: Omit<Dimensions, 'weight'>;
  readonly driftEdges: string | undefined;
  readonly onSent: (id: string) => void;
  readonly onDropped: (id: string, reason: DropReason) => void;
}

export function startReporter(options: ReporterOptions): Reporter {
  const { target, store, identity, driftEdges } = options;
  const totals: ReportTotals = { sealed: 0, sealedRuns: 0, sent: 0, dropped: 0 };
  const onDropped = (id: string, reason: DropReason) => {
    totals.dropped += 1;
    options.onDropped(id, reason);
  };
  const outbox = openOutbox(store, { onDropped });
  const delivery = createDelivery({
    outbox,
    endpoints: target.endpoints,
    onDropped,
    onSent({ id }) {
      totals.sent += 1;
      options.onSent(id);
    },
  });
  let window = createTally();
  let startMs = Date.now();
  let day: ReportingDay | undefined;
  let dayRead = readDay().catch(() => {});

  /** Read ahead, so that a page that is being closed can seal in one step. */
  async function readDay(): Promise<void> {
    const { model, version } = options.dimensions;
    day = await readReportingDay({ store, identity, target, model, version, nowMs: startMs });
  }

  /** The window is swapped at once: a run that ends meanwhile counts into the next. */
  async function seal(): Promise<void> {
    const tally = window;
    const times = { startMs, endMs: Date.now() };
    window = createTally();
    startMs = times.endMs;
    if (isEmpty(tally)) return;
    if (!day) await dayRead;
    if (day?.sampled) await keep(tally, times, day);
    if (day?.name !== utcDay(startMs)) dayRead = readDay().catch(() => {});
  }

  async function keep(
    tally: Tally,
    times: { startMs: number; endMs: number },
    today: ReportingDay,
  ): Promise<void> {
    const report = sealReport(tally, {
      ...times,
      id: toHex(crypto.getRandomValues(new Uint8Array(16))),
      cohort: identity.cohort,
      first: !today.reported,
      dimensions: { ...options.dimensions, weight: 1 / target.sampleRate },
      driftEdges,
    });
    today.reported = true;
    totals.sealed += 1;
    totals.sealedRuns += tally.ok;
    await outbox.put(report, new Map([[today.key, today.name]]));
  }

  async function flush(): Promise<void> {
    // A store that fails loses this window, never the page's call.
    await seal().catch(() => {});
    await delivery.drain();
  }

  const timer = setInterval(() => void flush(), WINDOW_MS);
  (timer as { unref?: () => void }).unref?.();
  const unhook = hookPage({ onHide: () => void flush(), onOnline: () => void delivery.drain() });
  void delivery.drain();

  return {
    get window() {
      return window;
    },
    totals,
    flush,
    async close() {
      clearInterval(timer);
      unhook();
      const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS));
      await Promise.race([flush(), patience]);
      delivery.close();
    },
  };
}

/** A page that is hidden may never come back: what it counted is sealed then. */
function hookPage({ onHide, onOnline }: { onHide: () => void; onOnline: () => void }): () => void {
  if (typeof document === 'undefined') return () => {};
  const onVisibility = () => {
    if (document.visibilityState === 'hidden') onHide();
  };
  document.addEventListener('visibilitychange', onVisibility);
  globalThis.addEventListener('pagehide', onHide);
  globalThis.addEventListener('online', onOnline);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    globalThis.removeEventListener('pagehide', onHide);
    globalThis.removeEventListener('online', onOnline);
  };
}
