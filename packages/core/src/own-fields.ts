import { kindOf } from './kind-of.js';

/**
 * A copy of what an object has itself, which inherits nothing: what anybody put on `Object.prototype` is no
 * field of it, and neither is what its class has (accessors, methods). Lists are copied with what they hold;
 * all else (bytes, functions, what is the platform's) is passed on as it is.
 *
 * @param depth so many objects and lists deep; data that others sent is copied to its end
 */
export function ownFields<Value>(value: Value, depth = Number.POSITIVE_INFINITY): Value {
  if (depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => ownFields(item, depth - 1)) as Value;
  if (kindOf(value) !== 'Object') return value;
  const own = Object.create(null);
  for (const [name, field] of Object.entries(value as object))
    own[name] = ownFields(field, depth - 1);
  return own;
}
