import type { FleetLatency, FleetPoint } from '../../src/fleet/latency.js';
import { answered } from '../asking/ask.js';
import type { ChartData, ChartSeries } from '../charts/time-chart.js';
import { chartPanel, type PanelContext } from '../panel/panel.js';
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatRate,
  NOTHING,
} from '../words/format.js';
import { scopeName, scopeOf } from '../words/scope.js';
import { REST_COLOR, versionColors, versionName } from '../words/versions.js';

const LEGEND = { p50: '--p50', p95: '--p95', p99: '--p99' } as const;

export const latencyPanel = chartPanel({
  id: 'latency',
  title: 'Latency',
  aside: 'call to result',
  isWide: true,
  needs: ['latency'],
  kind: {
    mark: 'lines',
    heightPx: 260,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.12 : 1],
    formatValue: formatDuration,
    formatTick: (ms) => (ms === 0 ? '0' : formatTickDuration(ms)),
  },
  data: ({ latency }, context) => {
    const of = (value: (point: FleetPoint) => number | null) =>
      column(latency, scopeOf(latency).series, value);
    return chartData(latency, [
      ...references(latency, context, ({ p95Ms }) => p95Ms, 'P95'),
      { label: 'P99', color: LEGEND.p99, dash: [2, 3], values: of(({ p99Ms }) => p99Ms) },
      { label: 'P95', color: LEGEND.p95, dash: [7, 4], values: of(({ p95Ms }) => p95Ms) },
      { label: 'P50', color: LEGEND.p50, values: of(({ p50Ms }) => p50Ms) },
    ]);
  },
  description: ({ latency }, { moment }) => {
    const { p50Ms, p95Ms, p99Ms } = scopeOf(latency);
    return (
      `Latency of ${scopeName(moment)} over time; in all P50 ${formatDuration(p50Ms)}, ` +
      `P95 ${formatDuration(p95Ms)}, P99 ${formatDuration(p99Ms)}.`
    );
  },
});

export const successPanel = chartPanel({
  id: 'success',
  title: 'Success',
  aside: 'results ÷ runs',
  needs: ['latency'],
  kind: {
    mark: 'lines',
    heightPx: 200,
    valueRange: successRange,
    formatValue: formatRate,
    formatTick: (rate) => `${Number((rate * 100).toFixed(2))}%`,
  },
  data: ({ latency }, context) =>
    chartData(latency, [
      ...references(latency, context, ({ successRate }) => successRate, 'success'),
      {
        label: 'success',
        color: '--success',
        values: column(latency, scopeOf(latency).series, ({ successRate }) => successRate),
      },
    ]),
  description: ({ latency }, { moment }) =>
    `Success of ${scopeName(moment)} over time; in all ${formatRate(scopeOf(latency).successRate)}.`,
});

export const runsPanel = chartPanel({
  id: 'runs',
  title: 'Runs',
  aside: 'by version',
  needs: ['latency'],
  kind: {
    mark: 'stacked-bars',
    heightPx: 200,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.1 : 1],
    formatValue: (count) => formatCount(count ?? 0),
    formatTick: formatCompact,
    wholeTicks: true,
  },
  data: ({ latency }) => chartData(latency, runsByVersion(latency)),
  description: ({ latency }) =>
    `Runs by version over time; in all ${formatCount(scopeOf(latency).count)}.`,
});

/** Draws runs of each step in bands of the target. Most are good, so the others are drawn. */
export const bandsPanel = chartPanel({
  id: 'bands',
  title: 'Fair, poor and failed runs',
  aside: 'good: within P95, fair: within P99, poor: beyond',
  needs: ['spread'],
  kind: {
    mark: 'stacked-bars',
    heightPx: 200,
    valueRange: (_least, greatest) => [0, Math.min(1, Math.max(greatest * 1.15, 0.01))],
    formatValue: formatRate,
    formatTick: (share) => `${Number((share * 100).toFixed(1))}%`,
  },
  data: ({ spread }) => {
    const share = (name: 'good' | 'fair' | 'poor' | 'failed') =>
      column(spread, spread.steps, (step) => {
        const all = step.good + step.fair + step.poor + step.failed;
        return all === 0 ? null : step[name] / all;
      });
    const { fromMs, toMs, stepMs } = spread;
    return {
      fromMs,
      toMs,
      stepMs,
      series: [
        { label: 'failed', color: '--failed', values: share('failed') },
        { label: 'poor', color: '--poor', values: share('poor') },
        { label: 'fair', color: '--fair', values: share('fair') },
        { label: 'good', color: '--good', isUndrawn: true, values: share('good') },
      ],
    };
  },
  description: ({ spread }) => {
    const sum = (name: 'good' | 'fair' | 'poor' | 'failed') =>
      formatCount(spread.steps.reduce((all, step) => all + step[name], 0));
    return `Runs by target over time: ${sum('good')} good, ${sum('fair')} fair, ${sum('poor')} poor, ${sum('failed')} failed.`;
  },
});

/** Draws the devices that report, because silence looks like health in every other chart. */
export const reportsPanel = chartPanel({
  id: 'reports',
  title: 'Devices that report',
  aside: 'by the hour, beside the expected ones',
  needs: ['silence'],
  kind: {
    mark: 'lines',
    heightPx: 200,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.12 : 1],
    formatValue: (count) => (count === null || count === undefined ? NOTHING : formatCount(count)),
    formatTick: formatCompact,
    wholeTicks: true,
  },
  data: ({ silence }) => {
    const range = { fromMs: silence.fromMs, toMs: silence.toMs, stepMs: 3_600_000 };
    const of = (value: (hour: (typeof silence.hours)[number]) => number | null) =>
      column(range, silence.hours, value);
    return {
      ...range,
      series: [
        {
          label: 'too few',
          color: '--failed',
          dash: [2, 3],
          isReference: true,
          values: of(({ fewest }) => fewest),
        },
        {
          label: 'expected',
          color: '--rest',
          dash: [4, 4],
          values: of(({ expected }) => expected.value),
        },
        { label: 'reported', color: '--p50', values: of(({ received }) => received) },
      ],
    };
  },
  description: ({ silence }) => {
    const silent = silence.hours.filter(({ isSilent }) => isSilent).length;
    return `Devices that report by the hour, beside the expected ones; ${silent} hours were silent.`;
  },
});

function chartData({ fromMs, toMs, stepMs }: FleetLatency, series: ChartSeries[]): ChartData {
  return { fromMs, toMs, stepMs, series };
}

/** Returns the period before, laid over this one, and the version before. */
function references(
  latency: FleetLatency,
  { answers, moment }: PanelContext,
  value: (point: FleetPoint) => number | null,
  name: string,
): ChartSeries[] {
  const found: ChartSeries[] = [];
  const earlier = answered(answers, 'latencyBefore');
  if (earlier && earlier.stepMs === latency.stepMs && earlier.total.reports > 0) {
    const offMs = latency.fromMs - earlier.fromMs;
    const points = scopeOf(earlier).series.map((point) => ({ ...point, atMs: point.atMs + offMs }));
    const values = column(latency, points, value);
    found.push({
      label: `${name} before`,
      color: '--rest',
      dash: [3, 3],
      isReference: true,
      values,
    });
  }
  const version = answered(answers, 'latencyVersionBefore');
  if (version && moment.versionBefore && version.stepMs === latency.stepMs) {
    const values = column(latency, scopeOf(version).series, value);
    const label = `${name} of ${moment.versionBefore}`;
    found.push({ label, color: '--v4', dash: [1, 3], isReference: true, values });
  }
  return found;
}

/** The newest version is on top. Runs of no shown version are at the bottom. */
function runsByVersion(fleet: FleetLatency): ChartSeries[] {
  const colors = versionColors(fleet);
  const count = (point: FleetPoint) => point.count;
  const named = fleet.versions
    .filter((version) => version.count > 0 && colors.get(version.version) !== REST_COLOR)
    .map((version) => ({
      label: versionName(version.version),
      color: colors.get(version.version) ?? REST_COLOR,
      values: column(fleet, version.series, count),
    }));
  const rest = column(fleet, scopeOf(fleet).series, count).map((total, i) => {
    const shown = named.reduce((sum, { values }) => sum + (values[i] ?? 0), 0);
    return total === null ? null : total - shown;
  });
  if (!rest.some((value) => value)) return named;
  return [...named, { label: 'other', color: REST_COLOR, values: rest }];
}

/** Always shows 100 %, and at least half a point, so that noise does not look like a fall. */
function successRange(least: number): [number, number] {
  const floor = Math.min(least, 0.995);
  return [Math.max(0, floor - (1 - floor) * 0.15), 1];
}

/** Labels of an axis need no more digits than their distance. */
function formatTickDuration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** Makes one value for each step of a range, null where nothing was reported. */
export function column<Point extends { readonly atMs: number }>(
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  points: readonly Point[],
  value: (point: Point) => number | null,
): (number | null)[] {
  const values = new Array<number | null>(Math.round((toMs - fromMs) / stepMs)).fill(null);
  for (const point of points) {
    const step = Math.round((point.atMs - fromMs) / stepMs);
    if (step >= 0 && step < values.length) values[step] = value(point);
  }
  return values;
}
