import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { NAME_KINDS, type NameKind } from '../counting/known-names.js';
import type { ConfiguredFile } from '../files/configured-files.js';
import { REFUSAL_STATUS, type RefusalCode } from '../refusals/refusal.js';

const OUTCOMES = ['accepted', 'duplicate', ...(Object.keys(REFUSAL_STATUS) as RefusalCode[])];

export interface ProcessMetrics {
  /** Counts how a request to `/v1/reports` ended. */
  countReport(outcome: 'accepted' | 'duplicate' | RefusalCode): void;
  countTraces(outcome: 'accepted' | RefusalCode): void;
  countLate(): void;
  /** Counts a name without a row of its own. */
  countFolded(kind: NameKind): void;
  /** @param rows of the log that this collector could not count */
  rowsSetAside(rows: number): void;
  observeWrite(seconds: number): void;
  /** Notes that a file was read, or that it broke and the one before stays. */
  fileState(file: ConfiguredFile, state: 'loaded' | 'refused'): void;
  /** Notes when what models.json says was last verified. */
  factsVerified(atMs: number): void;
  /** @param freeBytes on the disk of the store, undefined where it has none of its own */
  storeState(isReady: boolean, freeBytes: number | undefined): void;
  text(): Promise<string>;
}

/** Makes the series of this process, which start at zero with it. */
export function createProcessMetrics(startedMs: number): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  const reports = new Counter({
    name: 'nearside_collector_reports_total',
    help: 'Requests to /v1/reports by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  // a series that appears with its first failure hides that failure from rate()
  for (const outcome of OUTCOMES) reports.inc({ outcome }, 0);
  const traces = new Counter({
    name: 'nearside_collector_traces_total',
    help: 'Requests to /v1/traces by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of OUTCOMES) if (outcome !== 'duplicate') traces.inc({ outcome }, 0);
  const late = new Counter({
    name: 'nearside_collector_late_reports_total',
    help: 'Accepted reports that were older than an hour on arrival.',
    registers,
  });
  const folded = new Counter({
    name: 'nearside_collector_folded_names_total',
    help: 'Names in accepted and resent reports that have no row of their own and were counted with others, by kind.',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of NAME_KINDS) folded.inc({ kind }, 0);
  const setAside = new Gauge({
    name: 'nearside_collector_log_rows_set_aside',
    help: 'Rows of acknowledged reports that this collector could not count. They wait in the table log_unreadable of its store until another collector can.',
    registers,
  });
  const writes = new Histogram({
    name: 'nearside_collector_write_duration_seconds',
    help: 'Time until a report is on disk, from its admission.',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  new Gauge({
    name: 'nearside_collector_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'nearside_collector_start_time_seconds',
    help: 'When this collector started, Unix time.',
    registers,
  }).set(startedMs / 1000);

  const refused = new Gauge({
    name: 'nearside_collector_file_refused',
    help: '1 while a file is broken and its last right content is used.',
    labelNames: ['file'],
    registers,
  });
  const ready = new Gauge({
    name: 'nearside_collector_ready',
    help: '1 while this collector can take reports, as /readyz says.',
    registers,
  });
  // made when they are first known: a gauge begins at 0, which would be a full disk, and facts of 1970
  let free: Gauge | undefined;
  let verified: Gauge | undefined;

  return {
    storeState(isReady, freeBytes) {
      ready.set(isReady ? 1 : 0);
      if (freeBytes === undefined) return;
      free ??= new Gauge({
        name: 'nearside_collector_free_bytes',
        help: "Free bytes of the store's disk. A store in memory or in a database has none.",
        registers,
      });
      free.set(freeBytes);
    },
    fileState: (file, state) => refused.set({ file }, state === 'refused' ? 1 : 0),
    factsVerified(atMs) {
      verified ??= new Gauge({
        name: 'nearside_collector_facts_verified_timestamp_seconds',
        help: 'When `nearside facts` last verified what models.json says, Unix time.',
        registers,
      });
      verified.set(atMs / 1000);
    },
    countReport: (outcome) => reports.inc({ outcome }),
    countTraces: (outcome) => traces.inc({ outcome }),
    countLate: () => late.inc(),
    countFolded: (kind) => folded.inc({ kind }),
    rowsSetAside: (rows) => setAside.set(rows),
    observeWrite: (seconds) => writes.observe(seconds),
    text: () => registry.metrics(),
  };
}
