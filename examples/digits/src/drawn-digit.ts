import { createFrame, DIGIT_FRAME } from './digit-frame.js';
import { drawStroke, type Point, type Stroke } from './stroke.js';

/** A pen stroke of MNIST is a little over two of its pixels wide. */
const LINE_PIXELS = 4 * 2.4;

/** Strokes drawn anew as the model expects a digit: its size, its place, its line width. */
export function drawnDigit(strokes: readonly Stroke[]): HTMLCanvasElement {
  const points = strokes.flat();
  const width = spread(points.map(({ x }) => x));
  const height = spread(points.map(({ y }) => y));
  const scale = (DIGIT_FRAME.inkPixels - LINE_PIXELS) / Math.max(width, height, 0.1);
  const centre = centreOfMass(strokes);
  const middle = DIGIT_FRAME.sidePixels / 2;

  const context = createFrame();
  context.strokeStyle = '#fff';
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = LINE_PIXELS;
  for (const stroke of strokes) {
    drawStroke(context, stroke, ({ x, y }) => ({
      x: middle + (x - centre.x) * scale,
      y: middle + (y - centre.y) * scale,
    }));
  }
  return context.canvas;
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

/** Every piece of line weighs as much as it is long. */
function centreOfMass(strokes: readonly Stroke[]): Point {
  let x = 0;
  let y = 0;
  let weight = 0;
  for (const stroke of strokes) {
    stroke.forEach((point, index) => {
      const previous = stroke[index - 1] ?? point;
      // A dot has no length and still some ink.
      const length = Math.hypot(point.x - previous.x, point.y - previous.y) + 1e-6;
      x += (length * (point.x + previous.x)) / 2;
      y += (length * (point.y + previous.y)) / 2;
      weight += length;
    });
  }
  return { x: x / weight, y: y / weight };
}
