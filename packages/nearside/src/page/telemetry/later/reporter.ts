import { randomHex } from '@nearside/artifact';
import type { LossReason, Report } from '@nearside/core';
import type { ReportTotals } from '../../../shared/api/model.js';
import type { InstallIdentity } from '../../../shared/install.js';
import { unref } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Delivery } from './deliver.js';
import { firstsOf, type PossibleFirst, possibleFirsts } from './first-windows.js';
import type { Outbox } from './outbox.js';
import type { ReportSubject } from './report-subject.js';
import { WINDOW_MS, type WindowLengths } from './report-window.js';
import { type ReportingDay, readReportingDay, utcDay, weightOf } from './reporting-day.js';
import { isSendable, sealReport } from './seal-report.js';
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
  readonly delivery: Delivery<Report>;
  /** Settles what a window is the first of, where it may be reported. */
  readonly claim: (possible: readonly PossibleFirst[]) => Promise<PossibleFirst[]>;
  readonly mayReport: () => Promise<boolean>;
  /** Losses that no report has told yet; the next one of this model does. */
  readonly lost: Map<LossReason, number>;
  /** Entries to store with the next report. */
  readonly changes: () => ReadonlyMap<string, unknown>;
  readonly lengths: Promise<WindowLengths>;
  readonly startMs: number;
}

/** The draw of a day, which is read ahead: a page that is being left has no time to. */
interface Draw extends Pick<ReportingDay, 'name'> {
  /** Undefined until it is read. */
  isSampled?: boolean;
  readonly read: Promise<void>;
}

interface ReportWindow {
  readonly startMs: number;
  /** By a clock that nobody sets. */
  readonly openedMs: number;
  /** When something was counted last; a clock that was put back does not make it earlier. */
  lastMs: number;
  readonly tally: Tally;
  readonly day: Draw;
  /** It may be the first of these, and has not claimed them. */
  unclaimed: readonly PossibleFirst[];
}

/** A window that is over, as a report. */
interface Sealed {
  readonly report: Report;
  readonly runs: number;
  /** Losses that it tells. */
  readonly told: readonly (readonly [LossReason, number])[];
}

/** A report of a page that is being left. */
export interface Leaving {
  /** Runs, inputs of `score` and frames that it counts. */
  readonly runs: number;
  /** Stores it, and sends it beside that. */
  go(): void;
}

/** A window that is so much longer than it was to be has slept, ms. */
const SLEPT_MS = 60_000;

/** Counts into windows, seals them, stores them, sends them: one version on one backend. */
export class Reporter {
  readonly #subject: ReportSubject;
  readonly #context: ReporterContext;
  /** Undefined until they are read. */
  #lengths: WindowLengths | undefined;
  #window: ReportWindow;
  /** Firsts that no report has told yet. */
  #claimed: PossibleFirst[] = [];
  #claiming: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(subject: ReportSubject, context: ReporterContext) {
    this.#subject = subject;
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
    if (window.unclaimed.length > 0) this.#claim(window);
  }

  /** Seals the window and sends everything. Never rejects. */
  async flush(): Promise<void> {
    const { target, delivery, mayReport } = this.#context;
    const [ended, endMs] = this.#end();
    await Promise.all([ended.day.read, this.#claiming]);
    const sealed = this.#seal(ended, endMs);
    if (sealed && (!target.consent || (await mayReport()))) await this.#keep(sealed);
    await delivery.drain();
  }

  /** Seals the window in this turn: the page may be gone in the next. Asked only where it may be reported. */
  leave(): Leaving | undefined {
    const { delivery } = this.#context;
    if (this.#window.day.isSampled === undefined) {
      void this.flush();
      return undefined;
    }
    const sealed = this.#seal(...this.#end());
    return (
      sealed && {
        runs: sealed.runs,
        go: () => void this.#keep(sealed, { isLeaving: true }).then(delivery.drain),
      }
    );
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

  #open(startMs: number, before?: Draw): ReportWindow {
    return {
      startMs,
      openedMs: performance.now(),
      lastMs: startMs,
      tally: createTally(),
      day: before?.name === utcDay(startMs) ? before : this.#draw(startMs),
      unclaimed: possibleFirsts(this.#subject.dimensions, startMs),
    };
  }

  #draw(nowMs: number): Draw {
    const { identity, target } = this.#context;
    const reading = readReportingDay({ identity, target, nowMs });
    const set = ({ isSampled }: ReportingDay) => {
      draw.isSampled = isSampled;
    };
    const draw: Draw = { name: utcDay(nowMs), read: reading.then(set, () => {}) };
    return draw;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const seal = () => void this.flush().finally(() => this.#schedule());
    this.#timer = setTimeout(seal, this.#lengthMs);
    unref(this.#timer);
  }

  /** Swaps the window at once: a run that ends meanwhile counts into the next. */
  #end(): [ended: ReportWindow, endMs: number] {
    const ended = this.#window;
    const { startMs, openedMs, lastMs, day } = ended;
    const nowMs = Date.now();
    const openMs = performance.now() - openedMs;
    const endMs = this.#hasSlept ? lastMs : Math.max(nowMs, startMs + openMs);
    this.#window = this.#open(nowMs, day);
    return [ended, endMs];
  }

  /** A window claims its firsts as it begins to count, and `arm-day-failed` as a run fails. */
  #claim(window: ReportWindow): void {
    const hasFailed = window.tally.errors.size > 0;
    const isDue = ({ first }: PossibleFirst) => hasFailed || first !== 'arm-day-failed';
    const due = window.unclaimed.filter(isDue);
    if (due.length === 0) return;
    window.unclaimed = window.unclaimed.filter((one) => !isDue(one));
    const claim = async () => {
      await window.day.read;
      if (window.day.isSampled) this.#claimed.push(...(await this.#context.claim(due)));
    };
    // Where the store fails a device is missing from a count.
    this.#claiming = Promise.allSettled([this.#claiming, claim()]).then(() => {});
  }

  /** @returns undefined where the day is not sampled, or nothing happened */
  #seal({ tally, startMs, day }: ReportWindow, endMs: number): Sealed | undefined {
    if (!day.isSampled) return undefined;
    const { target, identity, lost } = this.#context;
    const { dimensions, baseline } = this.#subject;
    const { app, sampleRate } = target;
    const told = [...lost];
    lost.clear();
    for (const [reason, n] of told) increment(tally.loss, reason, n);
    const id = randomHex(16);
    try {
      const report = sealReport(tally, {
        id,
        cohort: identity.cohort,
        startMs,
        endMs,
        dimensions: { ...dimensions, ...(app && { app }), weight: weightOf(sampleRate) },
        firsts: firstsOf(this.#claimed, startMs),
        baseline: baseline?.hash,
      });
      if (!report) return undefined;
      this.#claimed = [];
      return { report, told, runs: tally.ok + tally.score.ok + tally.stream.ok };
    } catch {
      this.#lose(id, told);
      return undefined;
    }
  }

  /** The next window tells what this one would have told, and that it is lost. */
  #lose(id: string, told: Sealed['told']): void {
    const { lost, totals, onDropped } = this.#context;
    for (const [reason, n] of told) increment(lost, reason, n);
    increment(lost, 'store-failed');
    totals.dropped += 1;
    onDropped(id, 'store-failed');
  }

  /** Stores a report. A page that is being left sends it in the same turn. Never rejects. */
  async #keep({ report, told }: Sealed, { isLeaving = false } = {}): Promise<void> {
    const { outbox, delivery, totals, changes } = this.#context;
    const isSent = isLeaving && isSendable(report);
    const answer = isSent ? delivery.sendAtOnce(outbox.keyOf(report), report) : undefined;
    try {
      const entries = new Map([...changes(), ...(this.#lengths?.sealed() ?? [])]);
      if (!(await outbox.put(report, { isUnderWay: answer !== undefined, entries }))) return;
    } catch {
      // A store that fails loses a window that has not arrived, never the page's call.
      if (!(await answer)) return this.#lose(report.id, told);
    }
    totals.sealed += 1;
    totals.sealedRuns += report.health.ok;
    if (answer && !(await answer)) await outbox.keepWaiting(report).catch(() => {});
  }
}
