/** Values as messages have them. */

/** A short, content-free name for any value: its type or constructor, never its data. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return value.length <= 24 ? `'${value}'` : 'a long string';
  if (typeof value !== 'object') return `${typeof value} ${String(value)}`;
  return Object.getPrototypeOf(value)?.constructor?.name ?? 'object';
}

/** `[-1, 1, 28, 28]` as people write it: `[n, 1, 28, 28]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.map((axis) => (axis === -1 ? 'n' : axis)).join(', ')}]`;
}
