import { HOUR_MS } from '../../src/counting/time.js';
import type { Figures, FleetLatency, FleetPoint } from '../../src/fleet/latency.js';
import type { SilenceHour } from '../../src/fleet/silence.js';
import type { FleetSpread } from '../../src/fleet/spread.js';
import { answered } from '../asking/ask.js';
import type { ChartData, ChartSeries } from '../charts/time-chart.js';
import { REST_COLOR, versionColors } from '../charts/version-colors.js';
import { chartPanel, type PanelContext } from '../panel/panel.js';
import {
  countWords,
  formatCompact,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatVersion,
  isolated,
  NOTHING,
} from '../words/format.js';
import { chosenFigures, rangeWords, scopeWords } from '../words/scope.js';

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
    const of = (value: (figures: Calls) => number | null) =>
      valuesOf(latency, chosenFigures(latency), value);
    const { count, p50Ms } = chosenFigures(latency);
    const none = count > 0 && p50Ms === null && { none: 'No run had a result' };
    const series = [
      ...references(latency, context, ({ p95Ms }) => p95Ms, 'P95'),
      { label: 'P99', color: LEGEND.p99, dash: [2, 3], ...of(({ p99Ms }) => p99Ms) },
      { label: 'P95', color: LEGEND.p95, dash: [7, 4], ...of(({ p95Ms }) => p95Ms) },
      { label: 'P50', color: LEGEND.p50, ...of(({ p50Ms }) => p50Ms) },
    ];
    return { ...chartData(latency, context, series), ...none };
  },
  description: ({ latency }, { moment }) => {
    const { p50Ms, p95Ms, p99Ms } = chosenFigures(latency);
    return (
      `Latency of ${scopeWords(moment)} over time; in all P50 ${formatDuration(p50Ms)}, ` +
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
    formatTick: formatShare,
  },
  data: ({ latency }, context) =>
    chartData(latency, context, [
      ...references(latency, context, ({ successRate }) => successRate, 'success'),
      {
        label: 'success',
        color: '--success',
        ...valuesOf(latency, chosenFigures(latency), ({ successRate }) => successRate),
      },
    ]),
  description: ({ latency }, { moment }) =>
    `Success of ${scopeWords(moment)} over time; in all ${formatRate(chosenFigures(latency).successRate)}.`,
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
    isCount: true,
  },
  data: ({ latency }, context) => chartData(latency, context, runsByVersion(latency)),
  description: ({ latency }) =>
    `Runs by version over time; in all ${formatCount(chosenFigures(latency).count)}.`,
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
    formatTick: formatShare,
  },
  data: ({ spread }, { moment }) => {
    const all = sumOf(spread.steps);
    const seriesOf = (name: Band) => ({
      label: name,
      color: `--${name}`,
      whole: all[name] / all.runs,
      values: column(spread, spread.steps, (step) => {
        const { runs } = sumOf([step]);
        return runs === 0 ? null : step[name] / runs;
      }),
    });
    const { fromMs, toMs, stepMs } = spread;
    return {
      fromMs,
      toMs,
      stepMs,
      about: `${countWords(all.runs, 'runs')}, ${rangeWords(spread, moment)}`,
      ...(all.runs > 0 && all.good === all.runs && { none: 'Only good runs' }),
      series: [
        seriesOf('failed'),
        seriesOf('poor'),
        seriesOf('fair'),
        { ...seriesOf('good'), look: 'undrawn' },
      ],
    };
  },
  description: ({ spread }) => {
    const all = sumOf(spread.steps);
    const words = BANDS.map((name) => `${formatCount(all[name])} ${name}`);
    return `Runs by target over time: ${words.join(', ')}.`;
  },
});

const BANDS = ['good', 'fair', 'poor', 'failed'] as const;
type Band = (typeof BANDS)[number];

function sumOf(steps: FleetSpread['steps']): Record<Band | 'runs', number> {
  const sum = (name: Band) => steps.reduce((all, step) => all + step[name], 0);
  const [good, fair, poor, failed] = [sum('good'), sum('fair'), sum('poor'), sum('failed')];
  return { good, fair, poor, failed, runs: good + fair + poor + failed };
}

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
    isCount: true,
    none: 'No device reported in a whole hour',
  },
  data: ({ silence }, { moment }) => {
    const range = { fromMs: silence.fromMs, toMs: silence.toMs, stepMs: HOUR_MS };
    const of = (value: (hour: SilenceHour) => number | null) => column(range, silence.hours, value);
    // beside one another stand the means of the same hours
    const judged = silence.hours.filter(({ expected }) => expected.value !== null);
    const hours = judged.length > 0 ? judged : silence.hours;
    const meanOf = (value: (hour: SilenceHour) => number | null) =>
      hours.reduce((sum, hour) => sum + (value(hour) ?? 0), 0) / hours.length;
    return {
      ...range,
      about: `mean of ${rangeWords(range, moment)}`,
      series: [
        {
          label: 'too few',
          color: '--failed',
          dash: [2, 3],
          look: 'thin',
          values: of(({ fewest }) => fewest),
        },
        {
          label: 'expected',
          color: '--rest',
          dash: [4, 4],
          look: 'thin',
          ...(judged.length > 0 && { whole: meanOf(({ expected }) => expected.value) }),
          values: of(({ expected }) => expected.value),
        },
        {
          label: 'reported',
          color: '--p50',
          whole: meanOf(({ received }) => received),
          values: of(({ received }) => received),
        },
      ],
    };
  },
  description: ({ silence }) => {
    const silent = silence.hours.filter(({ isSilent }) => isSilent).length;
    return `Devices that report by the hour, beside the expected ones; silent: ${countWords(silent, 'hours')}.`;
  },
});

function chartData(
  { fromMs, toMs, stepMs }: FleetLatency,
  { moment }: PanelContext,
  series: ChartSeries[],
): ChartData {
  return { fromMs, toMs, stepMs, about: rangeWords({ fromMs, toMs }, moment), series };
}

/** A step and a whole range both have these figures. */
type Calls = Omit<FleetPoint, 'atMs'>;

function valuesOf(
  range: FleetLatency,
  figures: Figures,
  value: (calls: Calls) => number | null,
): Pick<ChartSeries, 'whole' | 'values'> {
  return { whole: value(figures), values: column(range, figures.series, value) };
}

/** Returns the period before, laid over this one, and the version before. */
function references(
  latency: FleetLatency,
  { answers, moment }: PanelContext,
  value: (calls: Calls) => number | null,
  name: string,
): ChartSeries[] {
  const found: ChartSeries[] = [];
  const earlier = answered(answers, 'latencyBefore');
  if (earlier && earlier.stepMs === latency.stepMs && earlier.total.reports > 0) {
    const offMs = latency.fromMs - earlier.fromMs;
    const { series, ...whole } = chosenFigures(earlier);
    const points = series.map((point) => ({ ...point, atMs: point.atMs + offMs }));
    found.push({
      label: `${name} before`,
      color: '--rest',
      look: 'band',
      ...valuesOf(latency, { ...whole, series: points }, value),
    });
  }
  const version = answered(answers, 'latencyVersionBefore');
  if (version && moment.versionBefore && version.stepMs === latency.stepMs) {
    found.push({
      label: `${name} of ${isolated(moment.versionBefore)}`,
      color: '--v4',
      dash: [1, 3],
      look: 'thin',
      ...valuesOf(latency, chosenFigures(version), value),
    });
  }
  return found;
}

/** The newest version is on top. Runs of no shown version are at the bottom. */
function runsByVersion(fleet: FleetLatency): ChartSeries[] {
  const colors = versionColors(fleet);
  const count = ({ count }: Calls) => count;
  const named = fleet.versions
    .filter((version) => version.count > 0 && colors.get(version.version) !== REST_COLOR)
    .map((version) => ({
      label: formatVersion(version.version),
      color: colors.get(version.version) ?? REST_COLOR,
      ...valuesOf(fleet, version, count),
    }));
  const rest = column(fleet, chosenFigures(fleet).series, count).map((total, i) => {
    const shown = named.reduce((sum, { values }) => sum + (values[i] ?? 0), 0);
    return total === null ? null : total - shown;
  });
  if (!rest.some((value) => value)) return named;
  const others = named.reduce((sum, { whole }) => sum - (whole ?? 0), chosenFigures(fleet).count);
  return [...named, { label: 'other', color: REST_COLOR, whole: others, values: rest }];
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
