import { kindOf } from './kind-of.js';

/**
 * Copies the fields that an object has itself; the copy inherits nothing. Whatever anybody put on `Object.prototype`,
 * and accessors and methods of a class, are left out. Lists are copied with their items. All else (bytes, functions,
 * platform objects) is passed on as it is.
 *
 * @param depth levels of objects and lists that are copied; all levels for data that others sent
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
