import type uPlot from 'uplot';
import type { FleetSpread } from '../../src/fleet/spread.js';
import { element } from '../element.js';
import { countWords, formatDuration, formatStep } from '../words/format.js';
import { cssColor, timeAxis, valueAxis } from './axes.js';
import type { LaneEvent } from './lane.js';
import { createPlot, type PlotLook } from './plot.js';
import { middlesOf } from './time-chart.js';

const HEIGHT_PX = 240;

export interface HeatMap {
  readonly element: HTMLElement;
  /** @param about the range in words */
  show(spread: FleetSpread, lane: readonly LaneEvent[], about: string): void;
}

/** Draws runs by time and by duration. A darker cell has more of the runs of its step. */
export function createHeatMap(
  onZoom: (stretch: { fromMs: number; toMs: number }) => void,
): HeatMap {
  const legend = element('ul', { class: 'legend' });
  const plot = createPlot({ heightPx: HEIGHT_PX, onZoom, onCursor: showLegend });
  let data: FleetSpread | undefined;
  let range = '';

  function showLegend(): void {
    if (!data) return;
    const { fromMs, toMs, stepMs, steps, boundsMs, targets } = data;
    const index = plot.cursorIndex();
    const atMs = index === undefined ? undefined : fromMs + index * stepMs;
    const told = steps.filter((step) => atMs === undefined || step.atMs === atMs);
    const at = atMs === undefined ? range : formatStep(atMs, stepMs, toMs - fromMs);
    legend.replaceChildren(
      element('li', {}, told.length > 0 ? resultWords(told, boundsMs) : 'nothing ran'),
      element('li', {}, `line: target for P95, ${formatDuration(targets.p95Ms)}`),
      element('li', { class: 'at' }, at),
    );
  }

  function look(shown: FleetSpread): PlotLook {
    return {
      series: [{}, { show: false }],
      valueScale: { distr: 3, log: 2, range: () => rangeOf(data ?? shown) },
      axes: [
        timeAxis(() => data ?? shown),
        valueAxis(formatDuration, { splits: (_chart, _axis, least, most) => ticksOf(least, most) }),
      ],
      draw: (chart) => draw(chart, data ?? shown),
    };
  }

  return {
    element: element('div', {}, legend, plot.element),
    show(next, lane, about) {
      data = next;
      range = about;
      const { fromMs, toMs, stepMs } = next;
      const steps = Math.round((toMs - fromMs) / stepMs);
      const middles = middlesOf({ fromMs, stepMs, steps });
      const description = 'How long runs take, over time: the share of runs by time taken.';
      plot.draw({ range: next, lane, description }, [middles, middles.map(() => 1)], {
        signature: 'heat map',
        make: () => look(next),
      });
    },
  };
}

function resultWords(steps: FleetSpread['steps'], boundsMs: readonly number[]): string {
  const counts = boundsMs.map((_, row) =>
    steps.reduce((sum, step) => sum + (step.counts[row] ?? 0), 0),
  );
  const all = counts.reduce((sum, n) => sum + n, 0);
  if (all === 0) return 'no run had a result';
  const most = counts.indexOf(Math.max(...counts));
  const [from, to] = [lowerMs(boundsMs, most), boundsMs[most]];
  return `${countWords(all, 'results')}, most often ${formatDuration(from)} to ${formatDuration(to)}`;
}

/** Returns the lower end of a row. */
export function lowerMs(boundsMs: readonly number[], row: number): number {
  return (boundsMs[row] ?? 0) / Math.SQRT2;
}

function rangeOf({ boundsMs, targets }: FleetSpread): [number, number] {
  const least = Math.min(lowerMs(boundsMs, 0) || 1, targets.p95Ms / 2);
  return [least, Math.max(boundsMs.at(-1) ?? 0, targets.p95Ms * 1.5)];
}

/** 1, 2, 5, 10, 20 … ms */
function ticksOf(least: number, most: number): number[] {
  const all = Array.from({ length: 8 }, (_, exponent) => 10 ** (exponent - 1));
  return all
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((ms) => ms >= least && ms <= most);
}

function draw(chart: uPlot, { steps, stepMs, boundsMs, targets }: FleetSpread): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = cssColor('--heat');
  const x = (ms: number) => Math.round(chart.valToPos(ms / 1000, 'x', true));
  const y = (ms: number) => Math.round(chart.valToPos(ms, 'y', true));
  for (const { atMs, counts } of steps) {
    const all = counts.reduce((sum, n) => sum + n, 0);
    const [left, right] = [x(atMs), x(atMs + stepMs)];
    for (const [row, n] of counts.entries()) {
      if (n === 0) continue;
      // a run in a thousand can still be seen
      ctx.globalAlpha = Math.max(0.06, Math.sqrt(n / all));
      const [top, bottom] = [y(boundsMs[row] as number), y(lowerMs(boundsMs, row))];
      ctx.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
    }
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = cssColor('--p95');
  ctx.setLineDash([6, 4]);
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y(targets.p95Ms));
  ctx.lineTo(bbox.left + bbox.width, y(targets.p95Ms));
  ctx.stroke();
  ctx.restore();
}
