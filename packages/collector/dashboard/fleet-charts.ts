import type { Figures, FleetLatency, FleetPoint } from '../src/fleet/latency.js';
import { byId } from './element.js';
import { formatCompact, formatCount, formatDuration, formatRate, NOTHING } from './format.js';
import { type ChartData, type ChartSeries, createTimeChart } from './time-chart.js';
import { REST_COLOR, versionColors } from './version-colors.js';
import { versionName } from './version-name.js';

export interface FleetCharts {
  /** @param scope the whole model or one of its versions */
  show(fleet: FleetLatency, scope: Figures, scopeName: string): void;
}

/** Latency and success of what is chosen; inferences by version; reports beside those of a day before. */
export function createFleetCharts(): FleetCharts {
  const latency = createTimeChart(byId('latency'), {
    mark: 'lines',
    heightPx: 260,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.12 : 1],
    formatValue: formatDuration,
    formatTick: (ms) => (ms === 0 ? '0' : formatTickDuration(ms)),
  });
  const success = createTimeChart(byId('success'), {
    mark: 'lines',
    heightPx: 200,
    valueRange: successRange,
    formatValue: formatRate,
    formatTick: (rate) => `${Number((rate * 100).toFixed(2))}%`,
  });
  const inferences = createTimeChart(byId('inferences'), {
    mark: 'stacked-bars',
    heightPx: 200,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.1 : 1],
    formatValue: (count) => formatCount(count ?? 0),
    formatTick: formatCompact,
    wholeTicks: true,
  });

  const reports = createTimeChart(byId('reports'), {
    mark: 'lines',
    heightPx: 200,
    valueRange: (_least, greatest) => [0, greatest > 0 ? greatest * 1.12 : 1],
    formatValue: (count) => (count === null || count === undefined ? NOTHING : formatCount(count)),
    formatTick: formatCompact,
    wholeTicks: true,
  });

  return {
    show(fleet, scope, scopeName) {
      latency.show(
        chartData(fleet, [
          {
            label: 'p99',
            color: '--p99',
            dash: [2, 3],
            values: column(fleet, scope, (p) => p.p99Ms),
          },
          {
            label: 'p95',
            color: '--p95',
            dash: [7, 4],
            values: column(fleet, scope, (p) => p.p95Ms),
          },
          { label: 'p50', color: '--p50', values: column(fleet, scope, (p) => p.p50Ms) },
        ]),
        `Latency of ${scopeName} over time; in all p50 ${formatDuration(scope.p50Ms)}, ` +
          `p95 ${formatDuration(scope.p95Ms)}, p99 ${formatDuration(scope.p99Ms)}.`,
      );
      success.show(
        chartData(fleet, [
          {
            label: 'success',
            color: '--success',
            values: column(fleet, scope, (p) => p.successRate),
          },
        ]),
        `Success rate of ${scopeName} over time; in all ${formatRate(scope.successRate)}.`,
      );
      inferences.show(
        chartData(fleet, inferencesByVersion(fleet)),
        `Inferences by version over time; in all ${formatCount(fleet.total.count)}.`,
      );
      reports.show(
        chartData(fleet, reportsAndDayBefore(fleet)),
        `Reports of ${fleet.model} over time, beside those of the same hour a day before; in all ${formatCount(fleet.total.reports)}.`,
      );
    },
  };
}

function chartData({ fromMs, toMs, stepMs }: FleetLatency, series: ChartSeries[]): ChartData {
  return { fromMs, toMs, stepMs, series };
}

/** One value per step of the range; null where nothing was reported. */
function column<Point extends { readonly atMs: number }>(
  { fromMs, toMs, stepMs }: FleetLatency,
  { series }: { readonly series: readonly Point[] },
  value: (point: Point) => number | null,
): (number | null)[] {
  const values = new Array<number | null>(Math.round((toMs - fromMs) / stepMs)).fill(null);
  for (const point of series) values[Math.round((point.atMs - fromMs) / stepMs)] = value(point);
  return values;
}

/** Silence looks like health in every other chart. */
function reportsAndDayBefore(fleet: FleetLatency): ChartSeries[] {
  const now = column(fleet, fleet.total, (point) => point.reports);
  if (fleet.dayBefore.length === 0) return [{ label: 'reports', color: '--p50', values: now }];
  const before = column(fleet, { series: fleet.dayBefore }, ({ reports }) => reports);
  return [
    { label: 'a day before', color: '--rest', dash: [4, 4], values: before },
    { label: 'reports', color: '--p50', values: now },
  ];
}

/** Newest on top; what no shown version accounts for at the bottom. */
function inferencesByVersion(fleet: FleetLatency): ChartSeries[] {
  const colors = versionColors(fleet);
  const count = (point: FleetPoint) => point.count;
  const named = fleet.versions
    .filter((version) => version.count > 0 && colors.get(version.version) !== REST_COLOR)
    .map((version) => ({
      label: versionName(version.version),
      color: colors.get(version.version) ?? REST_COLOR,
      values: column(fleet, version, count),
    }));
  const rest = column(fleet, fleet.total, count).map((total, i) => {
    const shown = named.reduce((sum, { values }) => sum + (values[i] ?? 0), 0);
    return total === null ? null : total - shown;
  });
  if (!rest.some((value) => value)) return named;
  return [...named, { label: 'other', color: REST_COLOR, values: rest }];
}

/** 100 % is always in sight; at least half a point is, so that noise does not look like a fall. */
function successRange(least: number): [number, number] {
  const floor = Math.min(least, 0.995);
  return [Math.max(0, floor - (1 - floor) * 0.15), 1];
}

/** Axis labels need no more digits than their distance. */
function formatTickDuration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}
