import { svg } from '../element.js';

const HEIGHT = 90;
const BAR = 9;
const GAP = 7;

/**
 * Draws a group of bars for each bin, with one bar a side. The classes `side-0`, `side-1` … tell sides apart.
 *
 * @param groups shares of each side, by bin
 */
export function groupedBars(
  groups: readonly (readonly number[])[],
  description: string,
): SVGSVGElement {
  const sides = groups[0]?.length ?? 0;
  const step = sides * BAR + GAP;
  const width = groups.length * step;
  const most = Math.max(...groups.flat(), 0.01);
  const bars = groups.flatMap((shares, i) =>
    shares.map((share, side) => {
      const height = (HEIGHT * share) / most;
      return svg('rect', {
        class: `side-${side}`,
        x: i * step + side * BAR + GAP / 2,
        y: HEIGHT - height,
        width: BAR - 1.5,
        height,
        rx: 1.5,
      });
    }),
  );
  const base = svg('line', { class: 'base', x1: 0, x2: width, y1: HEIGHT, y2: HEIGHT });
  return svg(
    'svg',
    {
      class: 'grouped-bars',
      viewBox: `0 0 ${width} ${HEIGHT + 1}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': description,
    },
    ...bars,
    base,
  );
}
