import uPlot from 'uplot';
import { element, svg } from '../element.js';
import { formatStep, isolated } from '../words/format.js';
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
  /**
   * A reference to compare with is drawn without dots: thin, or as a faint band that the axis of values takes no notice of.
   * Undrawn is in the legend alone, because it would leave no room for other series.
   */
  readonly look?: 'thin' | 'band' | 'undrawn';
  /** The figure of the whole range. Left out where there is none. */
  readonly whole?: number | null;
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** The range in words, and what else a legend says of it. */
  readonly about: string;
  /** Said in a plot that would be empty though something ran. */
  readonly none?: string;
  readonly series: readonly ChartSeries[];
}

export interface ChartKind {
  readonly mark: 'lines' | 'stacked-bars';
  readonly heightPx: number;
  /** The range of the value axis for the visible values. */
  readonly valueRange: (least: number, greatest: number) => [number, number];
  readonly formatValue: (value: number | null | undefined) => string;
  readonly formatTick: (value: number) => string;
  /** Counts have no tick at 2.5, and 0 of them are nothing. */
  readonly isCount?: true;
  /** Said in the plot where there is nothing. Left out, nothing ran. */
  readonly none?: string;
}

export interface TimeChart {
  show(
    data: ChartData,
    about: { readonly lane: readonly LaneEvent[]; readonly description: string },
  ): void;
}

/** A dot that is alone must be seen. */
const POINT_SIZE_PX = 8;
const BAND_PX = 5;
const BAND_ALPHA = 0.25;
const POINT_GROWTH_PX = 1.6;
/** 1, 2, 5, 10 … 5e12 */
const WHOLE_STEPS = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent).flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);
/** With more points, only those without a neighbour get a dot. */
const MAX_DOTTED = 12;

/** Makes a chart over time. Its legend tells the values under the cursor, or those of the whole range. */
export function createTimeChart(
  container: HTMLElement,
  kind: ChartKind,
  { onZoom }: { readonly onZoom: (stretch: { fromMs: number; toMs: number }) => void },
): TimeChart {
  const legend = element('ul', { class: 'legend' });
  const plot = createPlot({ heightPx: kind.heightPx, onZoom, onCursor: showLegend });
  const words = element('p', { class: 'nothing' });
  plot.element.append(words);
  container.replaceChildren(legend, plot.element);
  let data: ChartData | undefined;

  function showLegend(): void {
    if (!data) return;
    const { series, fromMs, toMs, stepMs } = data;
    const index = plot.cursorIndex();
    const isTold = !isEmpty(data, kind);
    // lines are drawn largest first, and people read upwards
    const read = kind.mark === 'lines' ? [...series].reverse() : series;
    const items = read.map(({ label, color, dash, look, values, whole }) => {
      const value = index === undefined ? whole : values[index];
      return element(
        'li',
        {},
        swatch(color, kind.mark === 'lines' ? (dash ?? []) : undefined, look),
        element('span', {}, isolated(label)),
        ...(isTold && value !== undefined ? [element('b', {}, kind.formatValue(value))] : []),
      );
    });
    const at =
      index === undefined ? data.about : formatStep(fromMs + index * stepMs, stepMs, toMs - fromMs);
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
        valueAxis(kind.formatTick, kind.isCount && { incrs: WHOLE_STEPS }),
      ],
    };
  }

  return {
    show(next, { lane, description }) {
      data = next;
      words.textContent = next.none ?? (isEmpty(next, kind) ? (kind.none ?? 'Nothing ran') : '');
      plot.draw({ range: next, lane, description }, columns(next, kind), {
        signature: next.series.map(({ label, color }) => `${label} ${color}`).join(),
        make: () => look(next),
      });
    },
  };
}

function isEmpty({ series }: ChartData, { isCount }: ChartKind): boolean {
  return !series.some(
    ({ look, values }) =>
      (!look || look === 'undrawn') && values.some((value) => (isCount ? value : value !== null)),
  );
}

/** Makes uPlot's columns: middles of the steps in Unix seconds, then the series in drawing order. */
function columns({ fromMs, stepMs, series }: ChartData, { mark }: ChartKind): uPlot.AlignedData {
  const steps = series[0]?.values.length ?? 0;
  const middles = middlesOf({ fromMs, stepMs, steps });
  const values = series.map(({ values, look }) =>
    look === 'undrawn' ? values.map(() => null) : [...values],
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

function seriesOptions(series: ChartSeries, later: number, { mark }: ChartKind): uPlot.Series {
  const { color, dash, look } = series;
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
    width: look === 'band' ? BAND_PX : look ? 1.25 : 2,
    ...(look === 'band' && { alpha: BAND_ALPHA, auto: false }),
    ...(dash && { dash: [...dash] }),
    spanGaps: false,
    points: {
      // later series are drawn over this one, so it is larger, and equal values all show
      size: POINT_SIZE_PX + POINT_GROWTH_PX * later,
      width: 0,
      fill: paint,
      show: !look,
      filter: (chart, index) => (look ? null : dottedPoints(chart.data[index] ?? [])),
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

function swatch(
  color: string,
  dash: readonly number[] | undefined,
  look: ChartSeries['look'],
): SVGSVGElement {
  const shape = dash
    ? svg('line', {
        x1: 1,
        x2: 21,
        y1: 5,
        y2: 5,
        'stroke-width': look === 'band' ? BAND_PX : 2.5,
        'stroke-opacity': look === 'band' ? BAND_ALPHA : 1,
        'stroke-dasharray': dash.join(),
      })
    : svg('rect', { width: 10, height: 10, rx: 3 });
  shape.style.setProperty(dash ? 'stroke' : 'fill', `var(${color})`);
  const viewBox = dash ? '0 0 22 10' : '0 0 10 10';
  return svg('svg', { viewBox, 'aria-hidden': 'true', ...(dash && { class: 'line' }) }, shape);
}
