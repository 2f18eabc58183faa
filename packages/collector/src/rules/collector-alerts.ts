import { LEAST_FREE_BYTES } from '../store/disk-room.js';
import { numberText } from './burn-rates.js';
import type { Condition } from './rule.js';

const LIMITS = Object.freeze({
  /** Requests that are refused ÷ all. */
  refused: 0.05,
  fewestRefused: 20,
  freeBytes: 2 ** 30,
  factsSeconds: 86_400,
  lookSeconds: 900,
});

const STARTED = 'nearside_collector_start_time_seconds';
const FREE = 'nearside_collector_free_bytes';
const REPORTS = 'nearside_collector_reports_total';

/** Alerts about collectors, wherever they run: the job is that of whoever scrapes them. */
export function collectorAlerts(): Condition[] {
  return [
    { alert: 'NearsideCollectorDown', expr: noneAnswers(), for: '5m' },
    {
      alert: 'NearsideCollectorNotReady',
      expr: 'max by (job) (nearside_collector_ready) == 0',
      for: '5m',
    },
    {
      alert: 'NearsideCollectorNotReady',
      severity: 'ticket',
      // others of its job are ready
      expr: `(nearside_collector_ready == 0 or up == 0)\nand on (job) nearside_collector_ready == 1`,
      for: '15m',
    },
    {
      alert: 'NearsideCollectorDisk',
      expr: `${FREE} < ${LIMITS.freeBytes}\nor ${fillsUp()}`,
      for: '30m',
    },
    { alert: 'NearsideCollectorRefusedReports', expr: refusedReports(), for: '15m' },
    {
      alert: 'NearsideCollectorRefusedFile',
      expr: 'max by (job, file) (nearside_collector_file_refused) == 1',
      for: '5m',
    },
    {
      alert: 'NearsideCollectorUnreadableRows',
      expr: 'max by (job) (nearside_collector_log_rows_set_aside) > 0',
    },
    {
      alert: 'NearsideCollectorFoldedNames',
      expr: 'sum by (job, kind) (increase(nearside_collector_folded_names_total[1h])) > 0',
    },
    {
      alert: 'NearsideCollectorOldFacts',
      expr: `time() - max by (job) (nearside_collector_facts_verified_timestamp_seconds) > ${LIMITS.factsSeconds}`,
    },
    {
      alert: 'NearsideCollectorNoLook',
      // one that has not looked yet counts from its start
      expr: `time() - max by (job) (nearside_last_look_timestamp_seconds or ${STARTED}) > ${LIMITS.lookSeconds}`,
    },
  ];
}

/** Within three days, at the pace of six hours that were all seen, on a disk that still has a collector. */
function fillsUp(): string {
  const sixHoursAgo = `last_over_time(${FREE}[30m] offset 5h45m)`;
  return `predict_linear(${FREE}[6h], 3 * 86400) < ${LEAST_FREE_BYTES} and ${FREE} and ${sixHoursAgo}`;
}

/** A job of which none answers any more, or no job at all. */
function noneAnswers(): string {
  const everSeen = `last_over_time(${STARTED}[1d])`;
  return `group by (job) (${everSeen}) unless on (job) ${STARTED}\nor\nabsent(${STARTED}) unless on () group(${everSeen})`;
}

function refusedReports(): string {
  const grown = (selector: string) => `increase(${REPORTS}${selector}[30m])`;
  const refused = `sum by (job, outcome) (${grown('{outcome!~"accepted|duplicate"}')})`;
  return `${refused} / on (job) group_left () sum by (job) (${grown('')}) > ${numberText(LIMITS.refused)}\nand ${refused} >= ${LIMITS.fewestRefused}`;
}
