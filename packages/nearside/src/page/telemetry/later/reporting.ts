import type { ModelAddress } from '@nearside/artifact';
import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import { isNearsideError, type LossReason, type Store } from '@nearside/core';
import { openStore } from '#open-store';
import type { StoreChoice } from '../../../shared/api/open-options.js';
import { readInstallIdentity } from '../../../shared/install.js';
import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import { LAST_STORING_MS, settlesWithin } from '../../../shared/timers.js';
import type { OpenPlan, ReportTarget } from '../../options/plan-opening.js';
import { createReportTotals, type LostWithVersion } from '../recorded.js';
import { createDelivery } from './deliver.js';
import type { RunShelf } from './feedback.js';
import { claimFirsts, type PossibleFirst } from './first-windows.js';
import { clearModel, openOutbox } from './outbox.js';
import { type ReportSubject, subjectOfModel } from './report-subject.js';
import { readWindowLengths } from './report-window.js';
import { type Leaving, Reporter, type ReportingContext } from './reporter.js';
import { toJson } from './seal-report.js';
import { increment, tallyFailedOpen, tallyLost, tallyLostUpdate } from './tally.js';
import { openTracing, type Tracing } from './tracing.js';

/** How long `close` waits for delivery, ms. What is not sent stays stored. */
const CLOSE_MS = 2_000;

export interface ModelReportingContext extends ReportingContext {
  readonly address: ModelAddress;
}

/** The reports of one open model. */
export interface Reporting extends RunShelf {
  /**
   * The reporter of one version on one backend.
   *
   * @param startMs when its first window begins, Unix time; now, by default
   */
  of(subject: ReportSubject, startMs?: number): Reporter;
  /** Undefined where no run is to be traced. */
  readonly tracing: Tracing | undefined;
  /** Seals and sends what there is. Waits for a store that answers, and no longer. */
  close(): Promise<void>;
}

/** Reports wait in one store of their own, whichever version of a model they are about. */
export function openReporting(
  target: ReportTarget,
  { store: choice, ...context }: ModelReportingContext & { readonly store: StoreChoice },
): Reporting {
  const store = withMemoryFallback(openStore('nearside-reports', choice));
  return startReporting(target, { ...context, store });
}

export function startReporting(
  target: ReportTarget,
  context: ModelReportingContext & { readonly store: Store },
): Reporting {
  const { store } = context;
  const { model } = context.address;
  const reporters = new Map<string, Reporter>();
  const lost = new Map<LossReason, number>();
  let changes: () => ReadonlyMap<string, unknown> = () => new Map();
  const { outbox, delivery } = openDelivery(target, { ...context, lost, mayReport });
  const tracing =
    target.traceRate > 0 ? openTracing(target, { ...context, model, mayReport }) : undefined;

  /** Asked before anything is stored for sending, and before it is sent. Without consent what waits is deleted. */
  async function mayReport(): Promise<boolean> {
    if (await askConsent(target)) return true;
    await outbox.clear();
    await tracing?.clear();
    await clearModel(store, model);
    await store.commit({ delete: await store.keys('f/') });
    return false;
  }

  async function claim(possible: readonly PossibleFirst[]): Promise<PossibleFirst[]> {
    return (await mayReport()) ? claimFirsts(store, possible) : [];
  }

  function start(subject: ReportSubject, startMs: number): Reporter {
    const { model, version } = subject.dimensions;
    const lengths = readWindowLengths(store, { model, version });
    const shared = { ...context, target, outbox, delivery, claim, mayReport, lost };
    return new Reporter(subject, { ...shared, changes: () => changes(), lengths, startMs });
  }

  async function flush(): Promise<void> {
    await Promise.all([...reporters.values(), tracing].map((sender) => sender?.flush()));
  }

  function leave(): Leaving[] {
    if (askConsent(target) !== true) {
      void flush();
      return [];
    }
    void tracing?.flush();
    void delivery.drain();
    return [...reporters.values()].flatMap((reporter) => reporter.leave() ?? []);
  }

  const unhook = hookPage({ leave, onOnline: () => void delivery.drain() });
  // A page that was hidden before this was loaded sends no event: its first records are sealed all the same.
  if (isHidden()) setTimeout(() => void flush());
  void delivery.drain();

  return {
    keys: (prefix) => store.keys(prefix),
    get: (key) => store.get(key),
    discard: (keys) => void store.commit({ delete: keys }).catch(() => {}),
    keepAlong(given) {
      changes = given;
    },
    of(subject, startMs = Date.now()) {
      const reporter = reporters.get(subject.key) ?? start(subject, startMs);
      reporters.set(subject.key, reporter);
      return reporter;
    },
    tracing,
    async close() {
      unhook();
      for (const reporter of reporters.values()) reporter.stop();
      await settlesWithin(CLOSE_MS, flush());
      delivery.close();
      outbox.release();
      tracing?.stop();
      await settlesWithin(LAST_STORING_MS, store.close());
    },
  };
}

interface DeliveryContext extends ModelReportingContext {
  readonly store: Store;
  readonly lost: Map<LossReason, number>;
  readonly mayReport: () => Promise<boolean>;
}

/** The outbox of a target's reports, and their delivery. */
function openDelivery(
  { receivers }: ReportTarget,
  { store, address, totals, lost, mayReport, ...context }: DeliveryContext,
) {
  function onDropped(id: string, reason: LossReason): void {
    totals.dropped += 1;
    increment(lost, reason);
    context.onDropped(id, reason);
  }
  // A function has no address, and the next page has another one: it hears of this model alone.
  const ofModel = `function ${address.repository}${address.model}`;
  const names = receivers.map((one) => (typeof one === 'function' ? ofModel : one));
  const owner = receivers.find((one) => typeof one === 'function');
  const outbox = openOutbox(store, { receivers: names, owner, onDropped });
  const delivery = createDelivery({
    outbox,
    receivers,
    name: names.join(' '),
    mayReport,
    bodyOf: (report) => toJson({ ...report, sent: Date.now() }),
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
  return { outbox, delivery };
}

/** A `consent` that throws, or answers anything but true, is none. Only true is known in the same turn. */
export function askConsent({ consent }: ReportTarget): true | Promise<boolean> {
  if (!consent) return true;
  try {
    const answer = consent();
    return (
      answer === true ||
      Promise.resolve(answer).then(
        (given) => given === true,
        () => false,
      )
    );
  } catch {
    return Promise.resolve(false);
  }
}

/** Models that are open on this page leave it together: they share what may be under way then. */
const OPEN_MODELS = new Set<() => Leaving[]>();

/** Most runs first: what is too much is stored alone. */
function leavePage(): void {
  const leaving = [...OPEN_MODELS].flatMap((leave) => leave());
  for (const { go } of leaving.sort((a, b) => b.runs - a.runs)) go();
}

/** A page that is hidden may never come back: what it counted is sealed and sent then. */
function hookPage({ leave, onOnline }: { leave: () => Leaving[]; onOnline: () => void }) {
  if (typeof document === 'undefined') return () => {};
  const endVisibility = onVisibilityChange(() => {
    if (isHidden()) leavePage();
  });
  OPEN_MODELS.add(leave);
  globalThis.addEventListener('pagehide', leavePage);
  globalThis.addEventListener('online', onOnline);
  return () => {
    endVisibility();
    OPEN_MODELS.delete(leave);
    if (OPEN_MODELS.size === 0) globalThis.removeEventListener('pagehide', leavePage);
    globalThis.removeEventListener('online', onOnline);
  };
}

/**
 * Reports an `open` that failed, before or after its version was known. One that the caller has aborted has not failed.
 * Never rejects.
 *
 * @param takeLost gives pages that died and are in no report yet
 */
export async function reportFailedOpen(
  { report, store: choice, address, signal }: OpenPlan,
  error: unknown,
  takeLost: () => Promise<readonly LostWithVersion[]>,
): Promise<void> {
  if (!report || signal?.aborted || !isNearsideError(error)) return;
  const store = openStore('nearside-reports', choice);
  try {
    const reporting = startReporting(report, {
      store,
      address,
      identity: await readInstallIdentity(store),
      totals: createReportTotals(),
      onSent() {},
      onDropped() {},
    });
    const reporter = reporting.of(subjectOfModel(address.model));
    const lost = await takeLost();
    reporter.count((tally) => {
      tallyFailedOpen(tally, error.code);
      for (const page of lost) {
        tallyLost(tally, page);
        tallyLostUpdate(tally, page.update);
      }
    });
    await reporting.close();
  } catch {
    await store.close().catch(() => {});
  }
}
