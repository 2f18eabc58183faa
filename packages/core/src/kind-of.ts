/**
 * A built-in or platform object's class: `AbortSignal`, `Float32Array`. Names no global, which may not exist
 * here, and is right for what an iframe or another window made, where `instanceof` is not.
 */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
