import { kindOf, ownFields } from '@nearside/core';

/** Whether a value is right, by the name of its option. */
export type OptionRules<Name extends string = string> = Readonly<
  Record<Name, (value: never) => boolean>
>;

/** What is read where nothing was given: it inherits nothing. */
export const NO_OPTIONS: object = Object.freeze(Object.create(null));

/** So deep do options go: `request`, its `headers`, and what those hold. */
const DEPTH = 3;

/**
 * Options as they are at the call, to be read from here on: what the object has itself, and nothing of
 * `Object.prototype`.
 */
export function ownOptions<Options>(options: Options): Options {
  return ownFields(options, DEPTH);
}

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
  return kindOf(value) === 'Object';
}

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
/** A TaskController's is one too. */
export const isSignal = (value: unknown): boolean => /^(Abort|Task)Signal$/.test(kindOf(value));
export const isCount = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) > 0;
export const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;
