/** Devices that report every five minutes, each at its own minute. */
export interface ReportingFleet {
  readonly model?: string;
  readonly version?: string;
  readonly devices: number;
  /** Reports come from this minute on, and scrapes until the last. */
  readonly fromMinute?: number;
  readonly minutes: number;
  readonly runsPerReport?: number;
  /** Share of the runs of a minute that fail. */
  readonly failingAt?: (minute: number) => number;
  /** Share of the results of a minute that take longer than the target. */
  readonly slowAt?: (minute: number) => number;
}

/** `null` where there is none. `stale` where a target is gone, as Prometheus notes it. */
export type Sample = number | null | 'stale';
/** Samples by series, from the first scrape on. */
export type SeriesOf = Readonly<Record<string, readonly Sample[]>>;

const MODEL = { model: 'digits', version: '1.0.0' };

/** Makes what a collector's `/metrics` says of a fleet, scraped every minute. */
export function fleetSeries(
  fleet: ReportingFleet,
  target = 'job="nearside",instance="a"',
): SeriesOf {
  const { model, version } = { ...MODEL, ...fleet };
  const labels = `${target},model="${model}",version="${version}"`;
  const set = `${labels},variant="int8",backend="onnx-wasm"`;
  const { ok, failed, within, devices, reports, shares } = countedBy(fleet);
  return {
    [`nearside_inferences_total{${set},outcome="ok"}`]: ok,
    [`nearside_inferences_total{${set},outcome="error"}`]: failed,
    [`nearside_inferences_within_target_total{${set}}`]: within,
    [`nearside_failing_devices_total{${labels}}`]: devices,
    [`nearside_reports_total{${labels}}`]: reports,
    [`nearside_failed_shares_total{${labels}}`]: shares,
    ...collectorSeries(fleet.minutes, 1, target),
  };
}

/** Makes what a collector that is well says of itself. */
export function collectorSeries(
  minutes: number,
  everyMinutes: number,
  target = 'job="nearside",instance="a"',
): SeriesOf {
  const scrapes = Array.from({ length: minutes / everyMinutes + 1 }, (_, i) => i * everyMinutes);
  return {
    [`nearside_collector_start_time_seconds{${target}}`]: scrapes.map(() => 0),
    [`nearside_last_look_timestamp_seconds{${target}}`]: scrapes.map((minute) => minute * 60),
    [`nearside_collector_ready{${target}}`]: scrapes.map(() => 1),
  };
}

function countedBy({
  devices,
  fromMinute = 0,
  minutes,
  runsPerReport = 20,
  failingAt = () => 0,
  slowAt = () => 0,
}: ReportingFleet) {
  const sums = { ok: 0, failed: 0, within: 0, devices: 0, reports: 0, shares: 0 };
  const series = {
    ok: [],
    failed: [],
    within: [],
    devices: [],
    reports: [],
    shares: [],
  } as Record<keyof typeof sums, (number | null)[]>;
  const failed = new Set<number>();
  const overWindow = (shareAt: (minute: number) => number, minute: number) =>
    [1, 2, 3, 4, 5].reduce((sum, ago) => sum + shareAt(minute - ago) / 5, 0);
  for (let minute = 0; minute <= minutes; minute += 1) {
    const reporting = Math.ceil((devices - (minute % 5)) / 5);
    const failures = overWindow(failingAt, minute) * runsPerReport;
    if (minute >= fromMinute) {
      const ok = runsPerReport - failures;
      sums.ok += reporting * ok;
      sums.failed += reporting * failures;
      sums.within += reporting * ok * (1 - overWindow(slowAt, minute));
      sums.reports += reporting;
      sums.shares += (reporting * failures) / runsPerReport;
      for (let device = minute % 5; device < devices && failures > 0; device += 5) {
        failed.add(device);
      }
      sums.devices = failed.size;
    }
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
      series[name].push(minute < fromMinute ? null : sums[name]);
    }
  }
  return series;
}
