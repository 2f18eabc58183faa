import { toHex } from '@nearside/artifact';
import { type Store, TRACE_LIMITS, type TraceSpan } from '@nearside/core';
import type { EndedRun } from '../../../shared/ended-run.js';
import type { InstallIdentity } from '../../../shared/protocol.js';
import { unref } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import { chooseTraces } from './choose-traces.js';
import { createDelivery, REFUSALS } from './deliver.js';
import { readReportingDay, utcDay } from './reporting-day.js';
import { openTraceOutbox } from './trace-outbox.js';
import { asTraces, spansOf, type TracedRun } from './trace-spans.js';

/** From the first trace until it is sent, ms; more may come along meanwhile. */
const GATHER_MS = 60_000;

/** Traces of single runs of one open model. Consent, days and delivery are those of its reports. */
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
  readonly identity: InstallIdentity;
  readonly mayReport: () => Promise<boolean>;
}

export function openTracing(
  target: ReportTarget,
  { store, identity, mayReport }: TracingContext,
): Tracing {
  const endpoints = target.endpoints.map(besideReports);
  const outbox = openTraceOutbox(store, endpoints);
  const choice = chooseTraces(target.traceRate);
  const delivery = createDelivery({
    outbox,
    endpoints,
    mayReport,
    bodyOf: ({ traces }) => JSON.stringify(traces),
    // A collector that takes none will not take them later.
    refusals: [...REFUSALS, 404, 405],
    onSent() {},
    onDropped() {},
    onKept() {},
  });
  const readDay = (nowMs: number) => readReportingDay({ identity, target, nowMs });
  /** Read ahead, so that a page that is being closed can store in one step. */
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
    const id = toHex(crypto.getRandomValues(new Uint8Array(8)));
    await outbox.put({ id, traces: asTraces(gathered.flat()) }, nowMs);
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
