/** 0 … 1 of the board's side, from its top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export type Stroke = Point[];

/** Draws a stroke through the middles of its points, which rounds the corners of fast movements. */
export function drawStroke(
  context: CanvasRenderingContext2D,
  stroke: readonly Point[],
  place: (point: Point) => Point,
): void {
  const [first, ...rest] = stroke.map(place);
  if (!first) return;
  context.beginPath();
  context.moveTo(first.x, first.y);
  let previous = first;
  for (const point of rest) {
    const middle = { x: (previous.x + point.x) / 2, y: (previous.y + point.y) / 2 };
    context.quadraticCurveTo(previous.x, previous.y, middle.x, middle.y);
    previous = point;
  }
  context.lineTo(previous.x, previous.y);
  context.stroke();
}
