import { isSecureAddress } from '@nearside/artifact';
import { describe, kindOf, ownFields } from '@nearside/core';

/** A kind of option: a test for its values, and words for the message where one is wrong. */
export interface OptionKind {
  /** Tells whether a value is one; of an object with {@link fields}, those are checked instead. */
  readonly fits?: ((value: never) => boolean) | undefined;
  /** In words: `expected … to be`. */
  readonly expected: string;
  readonly fields?: OptionKinds | undefined;
  /** RangeError where the values are numbered or named; TypeError by default. */
  readonly error?: RangeErrorConstructor | undefined;
  readonly isRequired?: true | undefined;
}

export type OptionKinds<Name extends string = string> = Readonly<Record<Name, OptionKind>>;

/**
 * Checks the options of a call.
 *
 * @param call its name, for the message
 * @param of the option that these are the fields of, if they are
 * @throws TypeError or RangeError, naming the call, the option, expected and got
 */
export function checkOptions(
  call: string,
  options: unknown,
  kinds: OptionKinds,
  of?: string,
): asserts options is object {
  if (!isPlainObject(options)) {
    throw new TypeError(`${call}: expected an object of options; got ${inWords(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(kinds, name));
  if (unknown !== undefined) {
    const what = of ? `fields of \`${of}\`` : 'options';
    const known = Object.keys(kinds).join(', ');
    throw new TypeError(`${call}: expected one of the ${what} ${known}; got '${unknown}'`);
  }
  const own = ownFields(options, 1);
  for (const [name, kind] of Object.entries(kinds)) {
    const value = own[name];
    const isLeftOut = value === undefined && !Object.hasOwn(kind, 'isRequired');
    if (!isLeftOut) checkOption(call, of ? `${of}.${name}` : name, { value, kind });
  }
}

function checkOption(
  call: string,
  name: string,
  { value, kind }: { value: unknown; kind: OptionKind },
): void {
  const { fits, expected, fields, error: Wrong = TypeError } = ownFields(kind, 1);
  if (fields && isPlainObject(value)) checkOptions(call, value, fields, name);
  else if (!fits?.(value as never))
    throw new Wrong(`${call}: expected \`${name}\` to be ${expected}; got ${inWords(value)}`);
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

/** Longer texts are cut, characters. */
const MOST_CHARACTERS = 80;
/** So many of a list's items or an object's fields are named. */
const MOST_NAMED = 4;

/** A value as a message says it: of objects the names alone, because headers may be secret. Never throws. */
export function inWords(value: unknown): string {
  try {
    return describeWithNames(value);
  } catch {
    return 'something that throws when it is looked at';
  }
}

function describeWithNames(value: unknown): string {
  if (Array.isArray(value)) return `[${listed(value.map(nameOf))}]`;
  if (!isPlainObject(value)) return nameOf(value);
  const names = Object.keys(value);
  return names.length > 0 ? `{ ${listed(names)} }` : '{}';
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' ? describe(value) : String(value);
}

/** An address without the name and the password in it. */
function quote(given: string): string {
  const text = given.replace(/\/\/[^/]*@/, '//…@');
  return text.length > MOST_CHARACTERS ? `'${text.slice(0, MOST_CHARACTERS)}…'` : `'${text}'`;
}

function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ', …' : '';
  return names.slice(0, MOST_NAMED).join(', ') + more;
}

/** A list is none, nor is an object of the platform's, such as an AbortSignal or Headers. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === 'Object';
}

/** In a page an address may be relative to it. */
export function resolveUrl(url: string): string {
  // A page may have been opened with a name and a password: relative addresses do not inherit them.
  const base = globalThis.location?.href.replace(/\/\/[^/]*@/, '//');
  return URL.canParse(url, base) ? new URL(url, base).href : url;
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
  expected: 'a function',
};

export const SWITCH: OptionKind = {
  fits: (value: unknown) => typeof value === 'boolean',
  expected: 'true or false',
};

export const SIGNAL: OptionKind = {
  /** A TaskController's signal is one too. */
  fits: (value: unknown) => /^(Abort|Task)Signal$/.test(kindOf(value)),
  expected: 'an AbortSignal',
};

export const ASSETS: OptionKind = { fits: isAddress, expected: "a folder's address" };

export const ABOVE_0: OptionKind = {
  fits: (value: unknown) => typeof value === 'number' && value > 0,
  expected: 'a number above 0',
  error: RangeError,
};

export const WHOLE_ABOVE_0: OptionKind = {
  fits: (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0,
  expected: 'a whole number above 0',
  error: RangeError,
};

export const STORE: OptionKind = {
  fits: (store: unknown) => store === 'auto' || store === 'memory',
  expected: "'auto', 'memory' or { directory }",
  fields: {
    directory: {
      fits: (directory: unknown) => typeof directory === 'string' && directory !== '',
      expected: 'the path of a directory',
      isRequired: true,
    },
  },
  error: RangeError,
};

export function oneOf(names: readonly string[]): OptionKind {
  return {
    fits: (value: unknown) => names.includes(value as string),
    expected: `one of ${names.map((name) => `'${name}'`).join(', ')}`,
    error: RangeError,
  };
}
