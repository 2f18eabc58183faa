import type { Recording } from './rule.js';

/** A counter of `/metrics` that rules compute with. */
interface Counter {
  readonly record: CounterName;
  /** Its series, of which some labels are added up. */
  readonly series: string;
  /** The sums of all versions of a model. */
  readonly isOfModel?: true;
}

export type CounterName = `nearside:${string}:total`;

const COUNTERS: readonly Counter[] = [
  { record: 'nearside:runs:total', series: 'nearside_inferences_total{outcome=~"ok|error"}' },
  { record: 'nearside:failed:total', series: 'nearside_inferences_total{outcome="error"}' },
  { record: 'nearside:ok:total', series: 'nearside_inferences_total{outcome="ok"}' },
  { record: 'nearside:within_target:total', series: 'nearside_inferences_within_target_total' },
  { record: 'nearside:within_p99:total', series: 'nearside_inferences_within_p99_target_total' },
  { record: 'nearside:cold:total', series: 'nearside_cold_inferences_total' },
  { record: 'nearside:failing_devices:total', series: 'nearside_failing_devices_total' },
  { record: 'nearside:reports:total', series: 'nearside_reports_total' },
  { record: 'nearside:failed_shares:total', series: 'nearside_failed_shares_total' },
  { record: 'nearside:devices:total', series: 'nearside_reporting_devices_total' },
  { record: 'nearside:opens:total', series: 'nearside_opens_total' },
  {
    record: 'nearside:failed_opens:total',
    // a device without a network says nothing about the model
    series: 'nearside_open_errors_total{code!="offline"}',
  },
  { record: 'nearside:quarantines:total', series: 'nearside_quarantines_total' },
  { record: 'nearside:updates:total', series: 'nearside_updates_total' },
  {
    record: 'nearside:failed_updates:total',
    series: 'nearside_updates_total{outcome!="installed"}',
  },
  {
    record: 'nearside:fetched_bytes:total',
    series: 'nearside_fetched_bytes_total',
    isOfModel: true,
  },
];

/**
 * Records each counter once for the whole fleet.
 *
 * Collectors on one database answer with the same sums, so the largest counts. The largest of five minutes does not fall
 * when a collector dies that was a scrape ahead of the others: a fall would count all that ever was as new. A new version
 * begins at 0 where others were known before it, because `increase` does not see the first value of a series. Without
 * others it begins as it is: what was counted before Prometheus came is not new.
 */
export function counterRecordings(): Recording[] {
  return COUNTERS.map(({ record, series, isOfModel }) => {
    const by = isOfModel ? 'job, model' : 'job, model, version';
    const added = `variant, backend, outcome, code${isOfModel ? ', version' : ''}`;
    const now = `max by (${by}) (sum without (${added}) (max_over_time(${series}[5m])))`;
    const wereOthers = 'last_over_time(nearside:runs:total[1h] offset 1m)';
    return {
      record,
      expr: `(${now} * 0 unless last_over_time(${record}[1h])) and on (job) ${wereOthers}\nor\n${now}`,
    };
  });
}
