/** Stands before what JSON has no form for. No text of an option or a record begins with it. */
const MARK = '\0';

const ids = new WeakMap<object, number>();
let lastId = 0;

/**
 * A text that two values share where they say the same. Plain objects and lists are compared by what they hold, and
 * functions by their source, since components make them anew at each render. All else, such as a canvas, is itself alone.
 */
export function valueKey(value: unknown): string {
  try {
    return JSON.stringify(value, plainForm) ?? MARK;
  } catch {
    return MARK; // a circle: `open` and `run` say what is wrong with it
  }
}

function plainForm(_: string, value: unknown): unknown {
  if (typeof value === 'string' || value === undefined || Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return MARK + String(value);
  if (value.constructor !== Object) {
    if (!ids.has(value)) ids.set(value, ++lastId);
    return MARK + MARK + ids.get(value);
  }
  const fields = value as Record<string, unknown>;
  const names = Object.keys(fields).sort();
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}
