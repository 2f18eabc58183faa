/**
 * Numbers from 0.1 to 4, of both signs where they are many, the same each time.
 *
 * @param {readonly number[]} shape
 */
export function floats(shape) {
  const length = shape.reduce((product, axis) => product * axis, 1);
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + 1) * (length > 5 ? 4 : 1));
}
