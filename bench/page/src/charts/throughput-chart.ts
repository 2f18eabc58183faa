import type { ResultRow } from '../results/result.ts';
import { formatRate, formatTick } from '../results/words.ts';
import { chart, linearScale, svg } from './svg.ts';

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 76;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 40;

/** Items a second against items that run together. Lines have a number, which the legend repeats. */
export function throughputChart(rows: readonly ResultRow[]): SVGElement | undefined {
  const measured = rows.filter(({ throughput = [] }) => throughput.length > 1);
  if (measured.length === 0) return undefined;
  const batches = [
    ...new Set(measured.flatMap(({ throughput = [] }) => throughput.map(({ batch }) => batch))),
  ].sort((a, b) => a - b);
  const most = Math.max(
    ...measured.flatMap(({ throughput = [] }) => throughput.map(({ perSecond }) => perSecond)),
  );
  const y = linearScale(most, HEIGHT - BOTTOM, TOP);
  const x = (batch: number) =>
    LEFT + (batches.indexOf(batch) / Math.max(1, batches.length - 1)) * (WIDTH - LEFT - RIGHT - 16);
  const axis = [
    ...y.ticks.flatMap((tick) => [
      svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: 'grid' }),
      svg('text', { x: LEFT - 8, y: y(tick) + 4, class: 'tick', 'text-anchor': 'end' }, [
        `${formatTick(tick)}/s`,
      ]),
    ]),
    ...batches.map((batch) =>
      svg('text', { x: x(batch), y: HEIGHT - 20, class: 'tick', 'text-anchor': 'middle' }, [
        String(batch),
      ]),
    ),
    svg('text', { x: WIDTH - RIGHT, y: HEIGHT - 4, class: 'tick', 'text-anchor': 'end' }, [
      'items in one run',
    ]),
  ];
  const labels = labelPlaces(measured, y);
  const lines = measured.flatMap((row, i) =>
    lineOf(row, rows.indexOf(row), { x, y, labelY: labels[i] ?? 0 }),
  );
  const label = `Throughput: ${measured
    .map(
      ({ title, throughput = [] }) => `${title} ${formatRate(throughput.at(-1)?.perSecond ?? 0)}`,
    )
    .join(', ')}`;
  return chart({ width: WIDTH, height: HEIGHT, label }, [...axis, ...lines]);
}

function lineOf(
  { isPeer, throughput = [] }: ResultRow,
  index: number,
  {
    x,
    y,
    labelY,
  }: { x: (batch: number) => number; y: (perSecond: number) => number; labelY: number },
): Node[] {
  const points = throughput.map(({ batch, perSecond }) => [x(batch), y(perSecond)] as const);
  const [endX = 0] = points.at(-1) ?? [];
  const kind = `series-${index % 10}${isPeer ? ' peer' : ''}`;
  return [
    svg('polyline', {
      points: points.map((point) => point.join(',')).join(' '),
      class: `series ${kind}`,
    }),
    ...points.map(([cx, cy]) => svg('circle', { cx, cy, r: 3.5, class: `dot ${kind}` })),
    svg('text', { x: endX + 8, y: labelY, class: 'name' }, [String(index + 1)]),
  ];
}

/** Numbers at the ends of lines lie so far apart that each can be read, px. */
const LABEL_GAP = 18;

/** From the lowest up: one that would lie on the number below it is moved up. */
function labelPlaces(rows: readonly ResultRow[], y: (perSecond: number) => number): number[] {
  const places = rows.map(({ throughput = [] }) => y(throughput.at(-1)?.perSecond ?? 0) + 4);
  let above = Number.POSITIVE_INFINITY;
  for (const [place, i] of places
    .map((place, i) => [place, i] as const)
    .sort(([a], [b]) => b - a)) {
    above = Math.min(place, above - LABEL_GAP);
    places[i] = above;
  }
  return places;
}
