/** One value for each step of a range; null where nothing was reported. */
export function column<Point extends { readonly atMs: number }>(
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  points: readonly Point[],
  value: (point: Point) => number | null,
): (number | null)[] {
  const values = new Array<number | null>(Math.round((toMs - fromMs) / stepMs)).fill(null);
  for (const point of points) {
    const step = Math.round((point.atMs - fromMs) / stepMs);
    if (step >= 0 && step < values.length) values[step] = value(point);
  }
  return values;
}
