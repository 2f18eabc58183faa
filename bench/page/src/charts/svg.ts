const NAMESPACE = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element. Texts are text nodes: a title may come from anybody's file. */
export function svg(
  name: string,
  attributes: Attributes,
  children: readonly (Node | string)[] = [],
): SVGElement {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** A chart that grows with its container. @param label what it shows, for who cannot see it */
export function chart(
  { width, height, label }: { width: number; height: number; label: string },
  children: Node[],
) {
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: 'chart' },
    children,
  );
}

export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** From 0 to a round number at or above `most`. */
export function linearScale(most: number, from: number, to: number): Scale {
  const step = roundStep(most / 3);
  const end = Math.max(step, Math.ceil(most / step) * step);
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return Object.assign((value: number) => from + (value / end) * (to - from), { ticks });
}

/** 1, 2 or 5 × a power of ten. */
function roundStep(wanted: number): number {
  if (!(wanted > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const [nice = 10] = [1, 2, 5, 10].filter((factor) => factor * power >= wanted);
  return nice * power;
}

/** Powers of ten, and 2 and 5 times them where there is room. @param least above 0 */
export function logScale(least: number, most: number, from: number, to: number): Scale {
  const low = Math.log10(least);
  const high = Math.max(low + 0.3, Math.log10(most));
  const place = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const factors = high - low > 2.5 ? [1] : [1, 2, 5];
  const powers = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, i) => 10 ** (Math.floor(low) + i),
  );
  const ticks = powers
    .flatMap((power) => factors.map((factor) => factor * power))
    .filter((tick) => tick >= least * 0.999 && tick <= most * 1.001);
  return Object.assign(place, { ticks });
}
