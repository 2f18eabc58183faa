import { isSecureAddress } from '@nearside/artifact';
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
export const isText = (value: unknown): boolean => typeof value === 'string';
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
/** A TaskController's is one too. */
export const isSignal = (value: unknown): boolean => /^(Abort|Task)Signal$/.test(kindOf(value));
export const isCount = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) > 0;
export const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** In a page an address may be relative to it. */
export function resolveUrl(url: string): string {
  // Of a page that was opened with a name and a password, which relative addresses would have too.
  const base = globalThis.location?.href.replace(/\/\/[^/]*@/, '//');
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

/** One that names something, seen from here. */
export function isAddress(address: unknown): address is string {
  return typeof address === 'string' && address !== '' && URL.canParse(resolveUrl(address));
}

/** A list of some addresses to report to, each of them secure. */
export function areReceivers(addresses: unknown): boolean {
  return areSecure(addresses, { mayAsk: true });
}

/** A list of some addresses to put paths behind, each of them secure. */
export function areBases(addresses: unknown): boolean {
  return areSecure(addresses, { mayAsk: false });
}

function areSecure(addresses: unknown, { mayAsk }: { mayAsk: boolean }): boolean {
  return (
    Array.isArray(addresses) &&
    addresses.length > 0 &&
    addresses.every(
      (address) => isAddress(address) && isSecureAddress(resolveUrl(address), { mayAsk }),
    )
  );
}
