import { toHex } from '@nearside/artifact';
import type { LossReason } from '@nearside/core';
import type { ReportTotals } from '../../../shared/api/model.js';
import type { InstallIdentity } from '../../../shared/protocol.js';
import { unref } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Counted } from './counted.js';
import type { Delivery } from './deliver.js';
import { possibleFirsts } from './firsts.js';
import type { Outbox } from './outbox.js';
import { type ReportingDay, readReportingDay, utcDay } from './reporting-day.js';
import { sealReport } from './seal-report.js';
import { createTally, increment, type Tally } from './tally.js';
import { WINDOW_MS, type WindowLengths } from './window-lengths.js';

/** Of the draw of an install for a day. */
const BUCKETS = 10_000;

/** A window that is so much longer than it was to be has slept, ms. */
const SLEPT_MS = 60_000;
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

interface ReportWindow {
  readonly startMs: number;
  /** By a clock that nobody sets. */
  readonly openedMs: number;
  /** When something was counted last. */
  lastMs: number;
  readonly tally: Tally;
}

export interface ReporterContext extends ReportingContext {
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

export function startReporter(counted: Counted, context: ReporterContext): Reporter {
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
    return { startMs, openedMs: performance.now(), lastMs: startMs, tally: createTally() };
  }

  async function readDay(nowMs: number): Promise<void> {
    day = undefined;
    day = await readReportingDay({ identity, target, nowMs });
  }

  function lengthMs(): number {
    return lengths?.nextMs ?? WINDOW_MS;
  }

  function hasSlept({ startMs }: ReportWindow): boolean {
    return Date.now() - startMs > lengthMs() + SLEPT_MS;
  }

  /** The window is swapped at once: a run that ends meanwhile counts into the next. */
  async function seal(): Promise<void> {
    const sealed = window;
    if (!day) await dayRead;
    const today = day;
    if (sealed !== window) return;
    const nowMs = Date.now();
    const openMs = performance.now() - sealed.openedMs;
    const endMs = hasSlept(sealed) ? sealed.lastMs : Math.max(nowMs, sealed.startMs + openMs);
    window = openWindow(nowMs);
    if (!today?.isSampled) return;
    const told = [...lost];
    lost.clear();
    for (const [reason, n] of told) increment(sealed.tally.loss, reason, n);
    await keep(sealed, endMs).catch((error) => {
      for (const [reason, n] of told) increment(lost, reason, n);
      increment(lost, 'store-failed');
      throw error;
    });
  }

  async function keep({ tally, startMs }: ReportWindow, endMs: number): Promise<void> {
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
    schedule, // what cannot be read says nothing of how long windows are
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

/** Of 10,000 buckets of installs, those that a share has: how many devices one of them stands for. */
function weightOf(sampleRate: number): number {
  return BUCKETS / Math.ceil(sampleRate * BUCKETS);
}
