import { svg } from '../element.js';

export interface ReliabilityPoint {
  /** Confidence of the bin, 0 … 1. */
  readonly confidence: number;
  /** Share that was right. Null where nobody knows. */
  readonly field: number | null;
  readonly lab: number | null;
  /** Labels of the bin. A larger dot has more. */
  readonly labels: number;
}

const SIZE = 220;
const SMALLEST_PX = 3;
const LARGEST_PX = 10;

/** Draws how often a model is right at each confidence. On the diagonal it is as sure as it should be. */
export function reliabilityDiagram(
  points: readonly ReliabilityPoint[],
  description: string,
): SVGSVGElement {
  const most = Math.max(1, ...points.map(({ labels }) => labels));
  const x = (value: number) => value * SIZE;
  const y = (value: number) => SIZE - value * SIZE;
  const lab = points.filter((point) => point.lab !== null);
  const line = lab.map((point) => `${x(point.confidence)},${y(point.lab ?? 0)}`).join(' ');
  const marks = points
    .filter((point) => point.field !== null)
    .map(({ confidence, field, labels }) =>
      svg('circle', {
        class: 'field',
        cx: x(confidence),
        cy: y(field ?? 0),
        r: SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * Math.sqrt(labels / most),
      }),
    );
  return svg(
    'svg',
    {
      class: 'reliability',
      viewBox: `-24 -12 ${SIZE + 36} ${SIZE + 38}`,
      role: 'img',
      'aria-label': description,
    },
    svg('rect', { class: 'frame', x: 0, y: 0, width: SIZE, height: SIZE }),
    words('0', { x: 0, y: SIZE + 18 }),
    words('1', { x: SIZE, y: SIZE + 18 }),
    words('confidence', { x: SIZE / 2, y: SIZE + 18 }),
    words('share that is right', { x: -SIZE / 2, y: -8, transform: 'rotate(-90)' }),
    svg('line', { class: 'diagonal', x1: 0, y1: SIZE, x2: SIZE, y2: 0 }),
    svg('polyline', { class: 'lab', points: line }),
    ...marks,
  );
}

function words(text: string, place: Record<string, string | number>): SVGTextElement {
  const made = svg('text', { class: 'axis', 'text-anchor': 'middle', ...place });
  made.textContent = text;
  return made;
}
