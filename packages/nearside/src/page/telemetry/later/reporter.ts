import { toHex } from '@nearside/artifact';
import type { LossReason } from '@nearside/core';
import type { ReportTotals } from '../../../shared/api/model.js';
import type { InstallIdentity } from '../../../shared/install.js';
import { unref } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Counted } from './counted.js';
import type { Delivery } from './deliver.js';
import type { Outbox } from './outbox.js';
import {
  possibleFirsts,
  type ReportingDay,
  readReportingDay,
  utcDay,
  WINDOW_MS,
  type WindowLengths,
  weightOf,
} from './report-window.js';
import { sealReport } from './seal-report.js';
import { createTally, increment, type Tally } from './tally.js';

/** Counts into windows, seals them, stores them, sends them: one version on one backend. */
export interface Reporter {
  count(add: (tally: Tally) => void): void;
  /** Seals the window and sends everything. Never rejects. */
  flush(): Promise<void>;
  /** Seals no more by itself. */
  stop(): void;
}

export interface ReportingContext {
  readonly identity: InstallIdentity;
  /** Counted up as reports are sealed and sent. */
  readonly totals: ReportTotals;
  readonly onSent: (id: string) => void;
  readonly onDropped: (id: string, reason: LossReason) => void;
}

export interface ReporterContext extends ReportingContext {
  readonly target: ReportTarget;
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  readonly mayReport: () => Promise<boolean>;
  /** Losses that no report has told yet; the next one of this model does. */
  readonly lost: Map<LossReason, number>;
  /** Entries to store with the next report. */
  readonly changes: () => ReadonlyMap<string, unknown>;
  readonly lengths: Promise<WindowLengths>;
  readonly startMs: number;
}

interface ReportWindow {
  readonly startMs: number;
  /** By a clock that nobody sets. */
  readonly openedMs: number;
  /** When something was counted last. */
  lastMs: number;
  readonly tally: Tally;
}

/** A reporter at work. */
interface Work {
  readonly counted: Counted;
  readonly context: ReporterContext;
  /** Undefined until they are read. */
  lengths: WindowLengths | undefined;
  /** The day is read ahead, so that a page that is being closed can seal in one step. Undefined until it is read. */
  day: ReportingDay | undefined;
  dayRead: Promise<void>;
  window: ReportWindow;
  timer: ReturnType<typeof setTimeout> | undefined;
  isStopped: boolean;
}

export function startReporter(counted: Counted, context: ReporterContext): Reporter {
  const work: Work = {
    counted,
    context,
    lengths: undefined,
    day: undefined,
    dayRead: Promise.resolve(),
    window: openWindow(context.startMs),
    timer: undefined,
    isStopped: false,
  };
  readDayOf(work);
  context.lengths.then(
    (lengths) => {
      work.lengths = lengths;
      schedule(work);
    },
    () => schedule(work), // windows have their usual length where nothing can be read
  );

  return {
    count(add) {
      if (hasSlept(work)) void flush(work); // what happens after the wake is in a window of its own
      add(work.window.tally);
      work.window.lastMs = Date.now();
    },
    flush: () => flush(work),
    stop() {
      work.isStopped = true;
      clearTimeout(work.timer);
    },
  };
}

function openWindow(startMs: number): ReportWindow {
  return { startMs, openedMs: performance.now(), lastMs: startMs, tally: createTally() };
}

/** Reads the day of the window that has just opened. */
function readDayOf(work: Work): void {
  const { startMs } = work.window;
  if (work.day?.name === utcDay(startMs)) return;
  const { identity, target } = work.context;
  work.day = undefined;
  work.dayRead = readReportingDay({ identity, target, nowMs: startMs }).then(
    (day) => {
      work.day = day;
    },
    () => {},
  );
}

function lengthMs({ lengths }: Work): number {
  return lengths?.nextMs ?? WINDOW_MS;
}

/** A window that is so much longer than it was to be has slept, ms. */
const SLEPT_MS = 60_000;

function hasSlept(work: Work): boolean {
  return Date.now() - work.window.startMs > lengthMs(work) + SLEPT_MS;
}

function schedule(work: Work): void {
  if (work.isStopped) return;
  work.timer = setTimeout(() => void flush(work).finally(() => schedule(work)), lengthMs(work));
  unref(work.timer);
}

async function flush(work: Work): Promise<void> {
  // A store that fails loses this window, never the page's call.
  await seal(work).catch(() => {});
  await work.context.delivery.drain();
}

/** The window is swapped at once: a run that ends meanwhile counts into the next. */
async function seal(work: Work): Promise<void> {
  const { lost } = work.context;
  const sealed = work.window;
  if (!work.day) await work.dayRead;
  const today = work.day;
  if (sealed !== work.window) return;
  const nowMs = Date.now();
  const openMs = performance.now() - sealed.openedMs;
  const endMs = hasSlept(work) ? sealed.lastMs : Math.max(nowMs, sealed.startMs + openMs);
  work.window = openWindow(nowMs);
  readDayOf(work);
  if (!today?.isSampled) return;
  const told = [...lost];
  lost.clear();
  for (const [reason, n] of told) increment(sealed.tally.loss, reason, n);
  await keep(work, sealed, endMs).catch((error) => {
    for (const [reason, n] of told) increment(lost, reason, n);
    increment(lost, 'store-failed');
    throw error;
  });
}

/** Stores a window's report, where it says anything and may be sent. */
async function keep(
  { counted, context, lengths }: Work,
  { tally, startMs }: ReportWindow,
  endMs: number,
): Promise<void> {
  const { target, identity, outbox, totals } = context;
  const { app, sampleRate } = target;
  const dimensions = { ...counted.dimensions, ...(app && { app }), weight: weightOf(sampleRate) };
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
