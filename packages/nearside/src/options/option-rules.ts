/** Whether a value is right, by the name of its option. */
export type OptionRules<Name extends string = string> = Readonly<
  Record<Name, (value: never) => boolean>
>;

/** Whether all options are there and of their kind; `check-options.ts` has words for what is not. */
export function areOptions(options: unknown, rules: OptionRules): boolean {
  return (
    isPlainObject(options) &&
    Object.entries(options).every(
      ([name, value]) =>
        Object.hasOwn(rules, name) && (value === undefined || rules[name]?.(value as never)),
    )
  );
}

/** No list, and nothing of the platform's, which has other fields or none: an AbortSignal, Headers. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
export const isSignal = (value: unknown): boolean => value instanceof AbortSignal;
export const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;
