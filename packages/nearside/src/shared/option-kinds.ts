import { isSecureAddress } from '@nearside/artifact';
import { kindOf, ownFields } from '@nearside/core';

/** A kind of option: a test for its values, and words for the message where one is wrong. */
export interface OptionKind {
  /** Tells whether a value is one; of an object with {@link fields}, those are checked instead. */
  readonly fits?: ((value: never) => boolean) | undefined;
  /** In words: `expected … to be`. Kinds of the first part have none, because few calls are wrong. */
  readonly expected?: string | undefined;
  /** All values that fit, where they are named. */
  readonly names?: readonly string[] | undefined;
  readonly fields?: OptionKinds | undefined;
  /** The fields of objects in a list that fits. */
  readonly items?: OptionKinds | undefined;
  /** RangeError where the values are numbered or named; TypeError by default. */
  readonly error?: RangeErrorConstructor | undefined;
  readonly isRequired?: true | undefined;
}

export type OptionKinds<Name extends string = string> = Readonly<Record<Name, OptionKind>>;

/** Every option is known, and of its kind, which has no `items`. `checkOptions` has words for one that is not. */
export function areOptions(options: unknown, kinds: OptionKinds): boolean {
  if (!isPlainObject(options)) return false;
  const fits = (name: string) =>
    Object.hasOwn(kinds, name) && isOfKind(options[name], kinds[name] as OptionKind);
  const isGiven = (name: string) =>
    Object.hasOwn(options, name) || !Object.hasOwn(kinds[name] as OptionKind, 'isRequired');
  return Object.keys(options).every(fits) && Object.keys(kinds).every(isGiven);
}

function isOfKind(value: unknown, kind: OptionKind): boolean {
  if (value === undefined) return !Object.hasOwn(kind, 'isRequired');
  const { fits, fields } = kind;
  if (Object.hasOwn(kind, 'fields') && fields && isPlainObject(value))
    return areOptions(value, fields);
  return Object.hasOwn(kind, 'fits') && fits?.(value as never) === true;
}

/** Stands for options that were not given: it inherits nothing. */
export const NO_OPTIONS: object = Object.freeze(Object.create(null));

/** How deep options go: `request`, its `headers`, and what those hold. */
const DEPTH = 3;

/**
 * Options as they are at the call, to be read from here on: what the object has itself, and nothing of
 * `Object.prototype`.
 */
export function ownOptions<Options>(options: Options): Options {
  return ownFields(options, DEPTH);
}

/** A list is none, nor is an object of the platform's, such as an AbortSignal or Headers. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === 'Object';
}

/** In a page an address may be relative to it, as any other address of the page. */
export function resolveUrl(url: string): string {
  const { document, location } = globalThis;
  // A page may have been opened with a name and a password: relative addresses do not inherit them.
  const base = (document?.baseURI ?? location?.href)?.replace(/\/\/[^/]*@/, '//');
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

/** True for the address of a file of ONNX or TensorFlow.js, which `open` does not take: no model's name has a dot. */
export function isModelFile(address: string): boolean {
  return /^[^?#]*\.(?:onnx|json)(?:[?#]|$)/i.test(address);
}

function isAddress(address: unknown): address is string {
  return typeof address === 'string' && address !== '' && URL.canParse(resolveUrl(address));
}

/**
 * Some addresses, each of them secure.
 *
 * @param mayAsk they may have a query: no paths are put behind them
 */
export function areSecure(addresses: unknown, { mayAsk }: { mayAsk: boolean }): boolean {
  return (
    Array.isArray(addresses) &&
    addresses.length > 0 &&
    addresses.every(
      (address) => isAddress(address) && isSecureAddress(resolveUrl(address), { mayAsk }),
    )
  );
}

export const FUNCTION: OptionKind = {
  fits: (value: unknown) => typeof value === 'function',
};

export const SWITCH: OptionKind = {
  fits: (value: unknown) => typeof value === 'boolean',
};

export const SIGNAL: OptionKind = {
  /** A TaskController's signal is one too. */
  fits: (value: unknown) => /^(Abort|Task)Signal$/.test(kindOf(value)),
};

export const ASSETS: OptionKind = { fits: isAddress };

export const ABOVE_0: OptionKind = {
  fits: (value: unknown) => typeof value === 'number' && value > 0,
  error: RangeError,
};

export const WHOLE_ABOVE_0: OptionKind = {
  fits: (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0,
  error: RangeError,
};

export const DIRECTORY: OptionKind = {
  fits: (directory: unknown) => typeof directory === 'string' && directory !== '',
  isRequired: true,
};

const isStore = (store: unknown) => store === 'auto' || store === 'memory';

export const STORE_OF_PAGE: OptionKind = { fits: isStore, error: RangeError };

/** In Node it may be a directory. */
export const STORE: OptionKind = {
  fits: isStore,
  fields: { directory: DIRECTORY },
  error: RangeError,
};

export function oneOf(names: readonly string[]): OptionKind {
  return {
    fits: (value: unknown) => names.includes(value as string),
    names,
    error: RangeError,
  };
}
