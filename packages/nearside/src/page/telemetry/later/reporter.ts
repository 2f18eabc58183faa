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
  /** When something was counted last; a clock that was put back does not make it earlier. */
  lastMs: number;
  readonly tally: Tally;
}

/** A window that is so much longer than it was to be has slept, ms. */
const SLEPT_MS = 60_000;

/** Counts into windows, seals them, stores them, sends them: one version on one backend. */
export class Reporter {
  readonly #counted: Counted;
  readonly #context: ReporterContext;
  /** Undefined until they are read. */
  #lengths: WindowLengths | undefined;
  /** The day is read ahead, so that a page that is being closed can seal in one step. Undefined until it is read. */
  #day: ReportingDay | undefined;
  #dayRead: Promise<void> = Promise.resolve();
  #window: ReportWindow;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(counted: Counted, context: ReporterContext) {
    this.#counted = counted;
    this.#context = context;
    this.#window = this.#open(context.startMs);
    context.lengths.then(
      (lengths) => {
        this.#lengths = lengths;
        this.#schedule();
      },
      () => this.#schedule(), // windows have their usual length where nothing can be read
    );
  }

  count(add: (tally: Tally) => void): void {
    if (this.#hasSlept) void this.flush(); // what happens after the wake is in a window of its own
    const window = this.#window;
    add(window.tally);
    window.lastMs = Math.max(Date.now(), window.startMs + performance.now() - window.openedMs);
  }

  /** Seals the window and sends everything. Never rejects. */
  async flush(): Promise<void> {
    // A store that fails loses this window, never the page's call.
    await this.#seal().catch(() => {});
    await this.#context.delivery.drain();
  }

  /** Seals no more by itself. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  get #lengthMs(): number {
    return this.#lengths?.nextMs ?? WINDOW_MS;
  }

  get #hasSlept(): boolean {
    return Date.now() - this.#window.startMs > this.#lengthMs + SLEPT_MS;
  }

  #open(startMs: number): ReportWindow {
    if (this.#day?.name !== utcDay(startMs)) {
      this.#dayRead = this.#readDay(startMs).catch(() => {});
    }
    return { startMs, openedMs: performance.now(), lastMs: startMs, tally: createTally() };
  }

  async #readDay(nowMs: number): Promise<void> {
    const { identity, target } = this.#context;
    this.#day = undefined;
    this.#day = await readReportingDay({ identity, target, nowMs });
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const seal = () => void this.flush().finally(() => this.#schedule());
    this.#timer = setTimeout(seal, this.#lengthMs);
    unref(this.#timer);
  }

  /** The window is swapped at once: a run that ends meanwhile counts into the next. */
  async #seal(): Promise<void> {
    const { lost, totals, onDropped } = this.#context;
    const sealed = this.#window;
    if (!this.#day) await this.#dayRead;
    const today = this.#day;
    if (sealed !== this.#window) return;
    const nowMs = Date.now();
    const openMs = performance.now() - sealed.openedMs;
    const endMs = this.#hasSlept ? sealed.lastMs : Math.max(nowMs, sealed.startMs + openMs);
    this.#window = this.#open(nowMs);
    if (!today?.isSampled) return;
    const told = [...lost];
    lost.clear();
    for (const [reason, n] of told) increment(sealed.tally.loss, reason, n);
    const id = toHex(crypto.getRandomValues(new Uint8Array(16)));
    await this.#keep(sealed, { id, endMs }).catch((error) => {
      for (const [reason, n] of told) increment(lost, reason, n);
      increment(lost, 'store-failed');
      totals.dropped += 1;
      onDropped(id, 'store-failed');
      throw error;
    });
  }

  /** Stores a window's report, where it says anything and may be sent. */
  async #keep(
    { tally, startMs }: ReportWindow,
    { id, endMs }: { id: string; endMs: number },
  ): Promise<void> {
    const { target, identity, outbox, totals, mayReport, changes } = this.#context;
    const { dimensions: served, baseline } = this.#counted;
    const { app, sampleRate, consent } = target;
    const dimensions = { ...served, ...(app && { app }), weight: weightOf(sampleRate) };
    const report = sealReport(tally, {
      id,
      cohort: identity.cohort,
      startMs,
      endMs,
      dimensions,
      baseline: baseline?.hash,
    });
    if (!report || (consent && !(await mayReport()))) return;
    const firsts = possibleFirsts(dimensions, { startMs, hasFailed: tally.errors.size > 0 });
    const entries = new Map([...changes(), ...(this.#lengths?.sealed() ?? [])]);
    if (!(await outbox.put(report, { firsts, entries }))) return;
    totals.sealed += 1;
    totals.sealedRuns += tally.ok;
  }
}
