import type { Group } from '../rules/rule.js';
import { play } from './promtool.js';
import { collectorSeries, type SeriesOf } from './reporting-fleet.js';
import { type SeededDraws, seededDraws } from './seeded-draws.js';

const STEP_MINUTES = 5;
const DAY_STEPS = 288;

interface QuietFleet {
  readonly model: string;
  readonly devices: number;
  /** Share of runs that fail, on average. */
  readonly failing: number;
  /** Runs that one broken device tries in five minutes, by day and by night. All fail. */
  readonly brokenRuns: number;
}

/** A small fleet, and a large one in which others fail now and then as well. */
const FLEETS: readonly QuietFleet[] = [
  { model: 'digits', devices: 300, failing: 0.0002, brokenRuns: 10 },
  { model: 'pages', devices: 20_000, failing: 0.0006, brokenRuns: 100 },
];

const RUNS_PER_REPORT = 5;
/** Share of the devices that report in five minutes at the busiest hour; at night a tenth of it. */
const ACTIVE = 0.1;

/** Lets promtool play quiet days. @returns what is not as expected, empty where all is */
export function playQuietDays(rules: readonly Group[], days: number): Promise<string> {
  const atMinutes = days * DAY_STEPS * STEP_MINUTES;
  const overBudget = `count_over_time((nearside:failed:share1h > 0.0144)[${days}d:30m])`;
  return play({
    rules,
    everyMinutes: STEP_MINUTES,
    series: quietDays(days),
    checks: [
      // the broken device alone spends the budgets of both fleets too fast
      { atMinutes, expr: `count(${overBudget})`, value: FLEETS.length },
      { atMinutes, expr: `count_over_time(ALERTS{alertstate="firing"}[${days}d])`, value: null },
    ],
  });
}

/** Makes days on which nobody should be called, scraped every five minutes. */
function quietDays(days: number): SeriesOf {
  const draws = seededDraws(36);
  const series: Record<string, (number | null)[]> = {};
  for (const fleet of FLEETS) Object.assign(series, quietSeries(fleet, days, draws));
  const minutes = days * DAY_STEPS * STEP_MINUTES;
  return { ...series, ...collectorSeries(minutes, STEP_MINUTES) };
}

function quietSeries(fleet: QuietFleet, days: number, draws: SeededDraws): SeriesOf {
  const labels = `job="nearside",instance="a",model="${fleet.model}",version="1.0.0"`;
  const set = `${labels},variant="int8",backend="onnx-wasm"`;
  const [ok, failed, devices, reports, shares]: number[][] = [[], [], [], [], []];
  const sums = { ok: 0, failed: 0, devices: 0, reports: 0, shares: 0 };
  for (let step = 0; step <= days * DAY_STEPS; step += 1) {
    const time = (step % DAY_STEPS) / DAY_STEPS;
    const activity = 0.55 - 0.45 * Math.cos(2 * Math.PI * time);
    const jitter = 0.5 + draws.uniform();
    const reporting = poisson(fleet.devices * ACTIVE * activity, draws);
    const runs = RUNS_PER_REPORT * reporting;
    const failures = poisson(runs * fleet.failing * jitter, draws);
    sums.ok += runs - failures;
    sums.failed += failures + fleet.brokenRuns;
    sums.reports += reporting + 1;
    sums.shares += failures / RUNS_PER_REPORT + 1;
    sums.devices += failures + (step % DAY_STEPS === 0 ? 1 : 0);
    ok?.push(sums.ok);
    failed?.push(sums.failed);
    devices?.push(sums.devices);
    reports?.push(sums.reports);
    shares?.push(sums.shares);
  }
  return {
    [`nearside_inferences_total{${set},outcome="ok"}`]: ok ?? [],
    [`nearside_inferences_total{${set},outcome="error"}`]: failed ?? [],
    [`nearside_failing_devices_total{${labels}}`]: devices ?? [],
    [`nearside_reports_total{${labels}}`]: reports ?? [],
    [`nearside_failed_shares_total{${labels}}`]: shares ?? [],
  };
}

/** Draws a count with this mean: exactly where it is small, and from the normal distribution elsewhere. */
function poisson(mean: number, { uniform }: SeededDraws): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let count = 0;
  for (let product = uniform(); product > Math.exp(-mean); count += 1) product *= uniform();
  return count;
}
