import { randomHex } from '@nearside/artifact';
import {
  createHistogram,
  quantile,
  record,
  type Store,
  TRACE_LIMITS,
  type TraceReason,
  type TraceSpan,
  type Traces,
  total,
} from '@nearside/core';
import type { EndedRun } from '../../../shared/ended-run.js';
import type { InstallIdentity } from '../../../shared/install.js';
import { unref } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import { isInvalidInput } from '../recorded.js';
import { createDelivery } from './deliver.js';
import { openWaiting } from './outbox.js';
import { readReportingDay, utcDay } from './reporting-day.js';
import { toJson } from './seal-report.js';
import { REFUSALS } from './send.js';
import { asTraces, spansOf, type TracedRun } from './trace-spans.js';

/** From the first trace until it is sent, ms; more may come along meanwhile. */
const GATHER_MS = 60_000;

/** Traces single runs of one open model. Consent, days and delivery are those of its reports. */
export interface Tracing {
  /** Told of every run. */
  ran(run: EndedRun, about: Pick<TracedRun, 'dimensions' | 'atMs'>): void;
  /** Stores and sends what there is. Never rejects. */
  flush(): Promise<void>;
  /** Deletes what waits. */
  clear(): Promise<void>;
  /** Sends no more by itself. */
  stop(): void;
}

interface TracingContext {
  readonly store: Store;
  readonly model: string;
  readonly identity: InstallIdentity;
  readonly mayReport: () => Promise<boolean>;
}

export function openTracing(
  target: ReportTarget,
  { store, model, identity, mayReport }: TracingContext,
): Tracing {
  const receivers = target.receivers.filter((one) => typeof one === 'string').map(besideReports);
  const outbox = openTraceOutbox(store, receivers);
  const choice = chooseTraces(target.traceRate);
  const delivery = createDelivery({
    outbox,
    receivers,
    name: receivers.join(' '),
    mayReport,
    bodyOf: ({ traces }) => toJson(traces),
    // A collector that takes none will not take them later.
    refusals: [...REFUSALS, 404, 405],
    onSent() {},
    onDropped() {},
    onKept() {},
  });
  const readDay = (nowMs: number) => readReportingDay({ identity, target, nowMs });
  /** The day is read ahead, so that a page that is being closed can store in one step. */
  let day = readDay(Date.now());
  day.catch(() => {}); // whoever needs it hears of it
  let runs: TraceSpan[][] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  function add(spans: TraceSpan[]): void {
    runs.push(spans);
    if (runs.length >= TRACE_LIMITS.runs) {
      void flush();
      return;
    }
    if (isStopped || timer) return;
    timer = setTimeout(() => void flush(), GATHER_MS);
    unref(timer);
  }

  async function keep(gathered: readonly TraceSpan[][]): Promise<void> {
    const nowMs = Date.now();
    if ((await day).name !== utcDay(nowMs)) day = readDay(nowMs);
    if (!(await day).isSampled || (target.consent && !(await mayReport()))) return;
    const id = randomHex(8);
    await outbox.put({ id, model, traces: asTraces(gathered.flat()) }, nowMs);
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const gathered = runs;
    runs = [];
    // A store that fails loses these, never the page's call.
    if (gathered.length > 0) await keep(gathered).catch(() => {});
    await delivery.drain();
  }

  void delivery.drain();

  return {
    ran(run, about) {
      if (!run.served.version.manifestSha256) return; // no version is known
      const reason = choice.reasonFor(run);
      const { app } = target;
      const dimensions = { ...about.dimensions, ...(app && { app }) };
      if (reason) add(spansOf({ run, reason, ...about, dimensions }));
    },
    flush,
    clear: outbox.clear,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      delivery.close();
    },
  };
}

/** `https://collector.example/v1/reports?token=…` → `https://collector.example/v1/traces?token=…` */
export function besideReports(endpoint: string): string {
  const url = new URL('traces', endpoint);
  url.search = new URL(endpoint).search;
  return url.href;
}

/** One open model traces so many runs at most. */
const CHOICE_LIMITS = Object.freeze({
  sampled: 20,
  /** Failing and slow runs together. */
  notable: 5,
});

/** A run is slow when it takes so many times as long as 95 of 100 before it, and so long at least, ms. */
const SLOW = Object.freeze({ times: 2, ms: 50, after: 50 });

/**
 * Says which runs of an open model are traced, and why.
 *
 * @param rate the share of runs that are traced whatever becomes of them, 0 … 1
 */
export function chooseTraces(rate: number, random: () => number = Math.random) {
  const durations = createHistogram(3);
  let sampled = 0;
  let notable = 0;

  function isSlow(totalMs: number): boolean {
    // Most runs are fast: no quantile is looked up for them.
    if (totalMs < SLOW.ms || total(durations) < SLOW.after) return false;
    return totalMs > SLOW.times * (quantile(durations, 0.95) ?? 0);
  }

  function isNotable({ outcome, totalMs }: EndedRun): 'failed' | 'slow' | undefined {
    if (outcome.kind === 'failed') return 'failed';
    return isSlow(totalMs) ? 'slow' : undefined;
  }

  return {
    /** Told of every run. @returns undefined where it leaves no trace */
    reasonFor(run: EndedRun): TraceReason | undefined {
      const { outcome, series, totalMs } = run;
      const isOurs =
        outcome.kind === 'ok' || (outcome.kind === 'failed' && !isInvalidInput(outcome.code));
      if (series || !isOurs) return undefined;
      const reason = isNotable(run);
      if (outcome.kind === 'ok') record(durations, Math.max(0, totalMs));
      if (reason && notable < CHOICE_LIMITS.notable) {
        notable += 1;
        return reason;
      }
      if (sampled >= CHOICE_LIMITS.sampled || random() >= rate) return undefined;
      sampled += 1;
      return 'sampled';
    },
  };
}

const DAY_MS = 86_400_000;

/** Limits of what waits to be sent. */
const OUTBOX_LIMITS = Object.freeze({
  /** Requests, some 20 KB each. */
  items: 10,
  /** As long as a collector keeps them, ms. */
  ageMs: 7 * DAY_MS,
});

/** Traces of one request that wait to be sent. */
interface WaitingTraces {
  readonly id: string;
  readonly model: string;
  readonly traces: Traces;
}

/** Traces that wait for delivery, oldest first. Too old ones and too many go without a word: none is a count. */
function openTraceOutbox(store: Store, receivers: readonly string[]) {
  const waiting = openWaiting<WaitingTraces>(store, 't', { receivers, limits: OUTBOX_LIMITS });
  return {
    ...waiting,
    put: (traces: WaitingTraces, nowMs: number) =>
      store.commit({ set: new Map([[waiting.keyOf(nowMs, traces.id), traces]]) }),
    async keys(): Promise<string[]> {
      const { kept, tooOld, tooMany } = await waiting.sort();
      const left = [...tooOld, ...tooMany];
      if (left.length > 0) await store.commit({ delete: left });
      return kept;
    },
  };
}
