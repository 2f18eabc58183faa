import type uPlot from 'uplot';
import { DAY_MS } from '../../src/counting/time.js';
import { formatClock, formatDay, formatUtcDay } from '../words/format.js';

/** Distances of labels on the axis of time, in seconds. */
const HOUR_STEPS = [300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];
const DAY_STEPS = [1, 2, 5, 7, 14, 30].map((days) => days * 86_400);

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export function timeAxis(shown: () => TimeRange): uPlot.Axis {
  return {
    ...axisLook(),
    size: 28,
    space: 54,
    values: (_chart, seconds) => {
      const format = formatOf(shown());
      return seconds.map((second) => format(second * 1000));
    },
    // a label that names a day is at the day's beginning, once
    incrs: () => (isOfDays(shown()) ? DAY_STEPS : [...HOUR_STEPS, ...DAY_STEPS]),
  };
}

function formatOf(range: TimeRange): (timeMs: number) => string {
  if (isByDay(range)) return formatUtcDay;
  return isOfDays(range) ? formatDay : formatClock;
}

function isOfDays({ fromMs, toMs }: TimeRange): boolean {
  return toMs - fromMs > 2 * DAY_MS;
}

/** Each step is a UTC day, or several. */
export function isByDay(range: TimeRange | undefined): boolean {
  return range !== undefined && range.stepMs >= DAY_MS;
}

export function valueAxis(
  formatTick: (value: number) => string,
  more: Partial<uPlot.Axis> = {},
): uPlot.Axis {
  return {
    ...axisLook(),
    space: 34,
    size: (_chart, labels) => 18 + 7 * Math.max(3, ...(labels ?? []).map((label) => label.length)),
    values: (_chart, ticks) => ticks.map((tick) => (tick === null ? '' : formatTick(tick))),
    ...more,
  };
}

function axisLook(): uPlot.Axis {
  return {
    stroke: () => cssColor('--soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: () => cssColor('--grid'), width: 1 },
    ticks: { show: false },
  };
}

/** Reads the colour at every drawing, so that a change of theme needs only a redraw. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
