import type { ResultRow, Start } from '../results/result.ts';
import { formatMs, formatTick } from '../results/words.ts';
import { chart, linearScale, svg } from './svg.ts';

const WIDTH = 640;
const ROW = 66;
const TOP = 6;
const AXIS = 26;

/** What the library tells of a start; `rest` is the worker, the way there and the first run. */
export const STAGES = ['metadata', 'weights', 'runtime', 'session', 'check', 'rest'] as const;

/** First start and second start of each row, by stage where the row tells them. */
export function startChart(rows: readonly ResultRow[]): SVGElement | undefined {
  const started = rows.filter(({ coldStart }) => coldStart);
  if (started.length === 0) return undefined;
  const times = started.flatMap(({ coldStart, warmStart }) => [
    coldStart?.totalMs ?? 0,
    warmStart?.totalMs ?? 0,
  ]);
  const x = linearScale(Math.max(...times), 8, WIDTH - 72);
  const height = TOP + started.length * ROW + AXIS;
  const axis = x.ticks.flatMap((tick) => [
    svg('line', { x1: x(tick), x2: x(tick), y1: TOP, y2: height - AXIS, class: 'grid' }),
    svg('text', { x: x(tick), y: height - 8, class: 'tick', 'text-anchor': 'middle' }, [
      `${formatTick(tick)} ms`,
    ]),
  ]);
  const bars = started.flatMap(({ title, coldStart, warmStart }, i) => [
    svg('text', { x: 8, y: TOP + i * ROW + 19, class: 'name' }, [title]),
    ...barOf(coldStart, x, TOP + i * ROW + 26),
    ...barOf(warmStart, x, TOP + i * ROW + 42),
  ]);
  const label = `Starts: ${started.map(({ title, coldStart }) => `${title} ${formatMs(coldStart?.totalMs ?? 0)}`).join(', ')}`;
  return chart({ width: WIDTH, height, label }, [...axis, ...bars]);
}

function barOf(start: Start | undefined, x: (ms: number) => number, y: number): Node[] {
  if (!start) return [];
  let fromMs = 0;
  const parts = stagesOf(start).map(([stage, ms]) => {
    const part = svg(
      'rect',
      {
        x: x(fromMs),
        y,
        width: Math.max(0, x(fromMs + ms) - x(fromMs)),
        height: 14,
        class: `stage ${stage}`,
      },
      [svg('title', {}, [`${stage}: ${formatMs(ms)}`])],
    );
    fromMs += ms;
    return part;
  });
  const end = x(start.totalMs) + 6;
  return [...parts, svg('text', { x: end, y: y + 13, class: 'value' }, [formatMs(start.totalMs)])];
}

/** Stages overlap, weights and runtime above all: together they are drawn no longer than the whole. */
function stagesOf({ totalMs, stages }: Start): [string, number][] {
  const told = STAGES.map((stage) => [stage, stages[stage] ?? 0] as [string, number]);
  const sum = told.reduce((all, [, ms]) => all + ms, 0);
  const share = sum > totalMs ? totalMs / sum : 1;
  const drawn = told.map(([stage, ms]) => [stage, ms * share] as [string, number]);
  return [...drawn, ['rest', Math.max(0, totalMs - sum)] as [string, number]].filter(
    ([, ms]) => ms > 0,
  );
}
