import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import type { LossReason, Store } from '@nearside/core';
import { openStore } from '#platform';
import type { StoreChoice } from '../../../shared/api/open-options.js';
import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import { LAST_STORING_MS, settlesWithin } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Counted } from './counted.js';
import { createDelivery } from './deliver.js';
import { openOutbox } from './outbox.js';
import { type Reporter, type ReportingContext, startReporter } from './reporter.js';
import type { RunShelf } from './run-memory.js';
import { increment } from './tally.js';
import { openTracing, type Tracing } from './tracing.js';
import { readWindowLengths } from './window-lengths.js';

/** How long `close` waits for delivery, ms. What is not sent stays stored. */
const CLOSE_MS = 2_000;

/** The reports of one open model. */
export interface Reporting extends RunShelf {
  /**
   * Of one version on one backend.
   *
   * @param startMs when its first window begins, Unix time; now, by default
   */
  of(counted: Counted, startMs?: number): Reporter;
  /** Undefined where no run is to be traced. */
  readonly tracing: Tracing | undefined;
  /** Seals and sends what there is. Waits for a store that answers, and no longer. */
  close(): Promise<void>;
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
    bodyOf: (report) => JSON.stringify({ ...report, sent: Date.now() }),
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
    const isGiven = await Promise.resolve()
      .then(() => target.consent?.())
      .then(
        (answer) => answer === true,
        () => false,
      );
    if (isGiven) return true;
    await outbox.clear();
    await tracing?.clear();
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

  const tracing = target.traceRate > 0 ? openTracing(target, { ...context, mayReport }) : undefined;

  const all = () => [...reporters.values()];
  const flush = async () => {
    await Promise.all([...all(), tracing].map((sender) => sender?.flush()));
  };
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
      const reporter = reporters.get(counted.key) ?? start(counted, startMs);
      reporters.set(counted.key, reporter);
      return reporter;
    },
    tracing,
    async close() {
      unhook();
      for (const reporter of all()) reporter.stop();
      await settlesWithin(CLOSE_MS, flush());
      delivery.close();
      tracing?.stop();
      await settlesWithin(LAST_STORING_MS, store.close());
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
