import { drawStroke, type Point, type Stroke } from './stroke.js';

/** Width of a line, of the board's side. */
const LINE_WIDTH = 0.07;
/** A pen at rest this long has something to show. */
const PAUSE_MS = 160;

/** A mouse, finger or keyboard does this to the board. */
export interface Pen {
  down(point: Point): void;
  move(points: readonly Point[]): void;
  up(): void;
}

export interface DrawBoard extends Pen {
  clear(): void;
  /** Shows a picture instead of strokes. */
  showPicture(picture: ImageBitmap | HTMLCanvasElement): void;
  /** Marks where the keyboard's pen is. */
  showCursor(cursor: Point | undefined): void;
}

/**
 * A square to draw on: white on black, as the model knows digits.
 *
 * @param onPause called with all strokes when a stroke ends or the pen rests
 */
export function createDrawBoard(
  canvas: HTMLCanvasElement,
  { onPause }: { onPause: (strokes: readonly Stroke[]) => void },
): DrawBoard {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Expected a canvas that can be drawn on, got none.');
  let strokes: Stroke[] = [];
  let current: Stroke | undefined;
  let picture: ImageBitmap | HTMLCanvasElement | undefined;
  let cursor: Point | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;

  function render(): void {
    if (!context) return;
    const side = canvas.width;
    context.clearRect(0, 0, side, side);
    if (picture) drawContained(context, picture);
    context.strokeStyle = '#fff';
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.lineWidth = LINE_WIDTH * side;
    for (const stroke of strokes) {
      drawStroke(context, stroke, ({ x, y }) => ({ x: x * side, y: y * side }));
    }
    if (cursor) drawCursor(context, cursor);
    canvas.dataset.empty = String(strokes.length === 0 && !picture);
  }

  function rest(): void {
    clearTimeout(pause);
    if (strokes.length > 0) onPause(strokes);
  }

  function fitPixels(): void {
    canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
    render();
  }

  new ResizeObserver(fitPixels).observe(canvas);

  return {
    down(point) {
      picture = undefined;
      current = [point];
      strokes.push(current);
      render();
    },
    move(points) {
      if (!current) return;
      current.push(...points);
      render();
      clearTimeout(pause);
      pause = setTimeout(rest, PAUSE_MS);
    },
    up() {
      if (!current) return;
      current = undefined;
      rest();
    },
    clear() {
      clearTimeout(pause);
      strokes = [];
      current = picture = undefined;
      render();
    },
    showPicture(shown) {
      clearTimeout(pause);
      strokes = [];
      current = undefined;
      picture = shown;
      render();
    },
    showCursor(at) {
      cursor = at;
      render();
    },
  };
}

function drawContained(
  context: CanvasRenderingContext2D,
  picture: ImageBitmap | HTMLCanvasElement,
): void {
  const side = context.canvas.width;
  const scale = Math.min(side / picture.width, side / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  // A digit of 28 pixels is meant to be seen as what it is.
  context.imageSmoothingEnabled = scale < 4;
  context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
}

function drawCursor(context: CanvasRenderingContext2D, { x, y }: Point): void {
  const side = context.canvas.width;
  context.lineWidth = 2 * devicePixelRatio;
  context.strokeStyle = '#7aa7ff';
  context.beginPath();
  context.arc(x * side, y * side, (LINE_WIDTH / 2) * side, 0, 2 * Math.PI);
  context.stroke();
}
