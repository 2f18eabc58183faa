import uPlot from 'uplot';
import { element, svg } from '../element.js';
import { formatStep } from '../words/format.js';
import { cssColor, timeAxis, valueAxis } from './axes.js';
import type { LaneEvent } from './lane.js';
import { createPlot, type PlotLook } from './plot.js';

/** A series of a chart has one value per step, null where nothing was counted. */
export interface ChartSeries {
  readonly label: string;
  /** Name of the CSS variable that holds the colour. */
  readonly color: string;
  /** Dashes in CSS pixels tell lines apart without colour. */
  readonly dash?: readonly number[];
  /** A reference to compare with is drawn thin and without dots. */
  readonly isReference?: true;
  /** It is in the legend and not drawn, because it would leave no room for other series. */
  readonly isUndrawn?: true;
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly series: readonly ChartSeries[];
}

export interface ChartKind {
  readonly mark: 'lines' | 'stacked-bars';
  readonly heightPx: number;
  /** The range of the value axis for the visible values. */
  readonly valueRange: (least: number, greatest: number) => [number, number];
  readonly formatValue: (value: number | null | undefined) => string;
  readonly formatTick: (value: number) => string;
  /** Counts have no tick at 2.5. */
  readonly wholeTicks?: true;
}

export interface TimeChart {
  show(
    data: ChartData,
    about: { readonly lane: readonly LaneEvent[]; readonly description: string },
  ): void;
}

const POINT_SIZE_PX = 6;
const POINT_GROWTH_PX = 1.6;
/** 1, 2, 5, 10 … 5e12 */
const WHOLE_STEPS = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent).flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);
/** With more points, only those without a neighbour get a dot. */
const MAX_DOTTED = 30;

/** Makes a chart over time. Its legend tells the values under the cursor, or the latest ones. */
export function createTimeChart(
  container: HTMLElement,
  kind: ChartKind,
  { onZoom }: { readonly onZoom: (stretch: { fromMs: number; toMs: number }) => void },
): TimeChart {
  const legend = element('ul', { class: 'legend' });
  const plot = createPlot({ heightPx: kind.heightPx, onZoom, onCursor: showLegend });
  container.replaceChildren(legend, plot.element);
  let data: ChartData | undefined;

  function showLegend(): void {
    if (!data) return;
    const { series, fromMs, toMs, stepMs } = data;
    const index = plot.cursorIndex() ?? latestIndex(data);
    // lines are drawn largest first, and people read upwards
    const read = kind.mark === 'lines' ? [...series].reverse() : series;
    const items = read.map(({ label, color, dash, values }) =>
      element(
        'li',
        {},
        swatch(color, kind.mark === 'lines' ? (dash ?? []) : undefined),
        label,
        element('b', {}, kind.formatValue(values[index])),
      ),
    );
    const at = formatStep(fromMs + index * stepMs, stepMs, toMs - fromMs);
    legend.replaceChildren(...items, element('li', { class: 'at' }, at));
  }

  function look(shown: ChartData): PlotLook {
    return {
      valueScale: {
        range: (_chart, least, greatest) => kind.valueRange(least ?? 0, greatest ?? 0),
      },
      hasPoints: kind.mark === 'lines',
      series: [
        {},
        ...shown.series.map((series, i) =>
          seriesOptions(series, shown.series.length - 1 - i, kind),
        ),
      ],
      axes: [
        timeAxis(() => data ?? shown),
        valueAxis(kind.formatTick, kind.wholeTicks && { incrs: WHOLE_STEPS }),
      ],
    };
  }

  return {
    show(next, { lane, description }) {
      data = next;
      plot.draw({ range: next, lane, description }, columns(next, kind), {
        signature: next.series.map(({ label, color }) => `${label} ${color}`).join(),
        make: () => look(next),
      });
    },
  };
}

/** Finds the newest step in which anything was counted. */
function latestIndex({ series }: ChartData): number {
  const latest = series
    .filter(({ isReference }) => !isReference)
    .map(({ values }) => values.findLastIndex((value) => value !== null));
  return Math.max(0, ...latest);
}

/** Makes uPlot's columns: middles of the steps in Unix seconds, then the series in drawing order. */
function columns({ fromMs, stepMs, series }: ChartData, { mark }: ChartKind): uPlot.AlignedData {
  const steps = series[0]?.values.length ?? 0;
  const middles = middlesOf({ fromMs, stepMs, steps });
  const values = series.map(({ values, isUndrawn }) =>
    isUndrawn ? values.map(() => null) : [...values],
  );
  return [middles, ...(mark === 'lines' ? values : stack(values))];
}

/** Returns the middles of steps, Unix seconds. */
export function middlesOf({
  fromMs,
  stepMs,
  steps,
}: {
  fromMs: number;
  stepMs: number;
  steps: number;
}): number[] {
  return Array.from({ length: steps }, (_, i) => (fromMs + (i + 0.5) * stepMs) / 1000);
}

/**
 * Computes heights of stacked bars. The first series stands on top, and the last at the bottom. Each is drawn over the
 * one before it.
 */
function stack(values: readonly (number | null)[][]): (number | null)[][] {
  const sums: (number | null)[][] = [];
  for (const column of [...values].reverse()) {
    const below = sums[0] ?? [];
    sums.unshift(column.map((value, i) => (below[i] ?? 0) + (value ?? 0) || null));
  }
  return sums;
}

function seriesOptions(
  { color, dash, isReference }: ChartSeries,
  later: number,
  { mark }: ChartKind,
): uPlot.Series {
  const paint = () => cssColor(color);
  if (mark === 'stacked-bars') {
    return {
      fill: paint,
      stroke: paint,
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars?.({ size: [0.82, 44], radius: 0.08 }) as uPlot.Series.PathBuilder,
    };
  }
  return {
    stroke: paint,
    width: isReference ? 1.25 : 2,
    ...(dash && { dash: [...dash] }),
    spanGaps: false,
    points: {
      show: !isReference,
      // later series are drawn over this one, so it is larger, and equal values all show
      size: POINT_SIZE_PX + POINT_GROWTH_PX * later,
      width: 0,
      fill: paint,
      filter: (chart, index) => dottedPoints(chart.data[index] ?? []),
    },
  };
}

/** Finds points that get a dot. A single point has no line, and a few are read more easily with dots. */
function dottedPoints(values: ArrayLike<number | null | undefined>): number[] {
  const present = Array.from({ length: values.length }, (_, i) => i).filter(
    (i) => values[i] !== null,
  );
  if (present.length <= MAX_DOTTED) return present;
  return present.filter(
    (i) => (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null,
  );
}

function swatch(color: string, dash: readonly number[] | undefined): SVGSVGElement {
  const shape = dash
    ? svg('line', {
        x1: 1,
        x2: 21,
        y1: 5,
        y2: 5,
        'stroke-width': 2.5,
        'stroke-dasharray': dash.join(),
      })
    : svg('rect', { width: 10, height: 10, rx: 3 });
  shape.style.setProperty(dash ? 'stroke' : 'fill', `var(${color})`);
  const viewBox = dash ? '0 0 22 10' : '0 0 10 10';
  return svg('svg', { viewBox, 'aria-hidden': 'true', ...(dash && { class: 'line' }) }, shape);
}
