import type { ResultRow } from '../results/result.ts';
import { formatMs, formatTick } from '../results/words.ts';
import { chart, logScale, svg } from './svg.ts';

const WIDTH = 640;
const ROW = 58;
const TOP = 6;
const RIGHT = 24;
const AXIS = 26;

/** Each row's latencies: from the least to p99 as a line, the middle half as a bar, the median as a mark. */
export function latencyChart(rows: readonly ResultRow[]): SVGElement | undefined {
  const timed = rows.filter(({ latency }) => latency);
  if (timed.length === 0) return undefined;
  const least = Math.min(...timed.map(({ latency }) => latency?.points[0] ?? 1));
  const most = Math.max(...timed.map(({ latency }) => latency?.p99Ms ?? 1));
  const x = logScale(Math.max(1e-3, least * 0.8), most * 1.25, 8, WIDTH - RIGHT);
  const height = TOP + timed.length * ROW + AXIS;
  const bottom = height - AXIS;
  const axis = x.ticks.flatMap((tick) => [
    svg('line', { x1: x(tick), x2: x(tick), y1: TOP, y2: bottom, class: 'grid' }),
    svg('text', { x: x(tick), y: height - 8, class: 'tick', 'text-anchor': 'middle' }, [
      `${formatTick(tick)} ms`,
    ]),
  ]);
  const bars = timed.flatMap((row, i) => barOf(row, x, TOP + i * ROW));
  const label = `Latencies: ${timed.map(({ title, latency }) => `${title} ${formatMs(latency?.p50Ms ?? 0)}`).join(', ')}`;
  return chart({ width: WIDTH, height, label }, [...axis, ...bars]);
}

function barOf(
  { title, isPeer, latency }: ResultRow,
  x: (ms: number) => number,
  top: number,
): Node[] {
  if (!latency) return [];
  const { points, p50Ms, p99Ms } = latency;
  const at = (share: number) =>
    x(Math.max(1e-3, points[Math.round(share * (points.length - 1))] ?? p50Ms));
  const middle = top + 36;
  const kind = isPeer ? 'peer' : 'own';
  return [
    svg('text', { x: 8, y: top + 18, class: 'name' }, [title]),
    svg('line', { x1: at(0), x2: x(p99Ms), y1: middle, y2: middle, class: `whisker ${kind}` }),
    svg('rect', {
      x: at(0.25),
      y: middle - 7,
      width: Math.max(3, at(0.75) - at(0.25)),
      height: 14,
      rx: 3,
      class: `box ${kind}`,
    }),
    svg('line', { x1: x(p50Ms), x2: x(p50Ms), y1: middle - 10, y2: middle + 10, class: 'median' }),
  ];
}
