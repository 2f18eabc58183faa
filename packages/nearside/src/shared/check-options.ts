import { describe, ownFields } from '@nearside/core';
import { isPlainObject, type OptionKind, type OptionKinds } from './option-kinds.js';

/**
 * Checks the options of a call.
 *
 * @param call its name, for the message
 * @param how.of the option that these are the fields of, if they are
 * @param how.words for kinds that have none in themselves
 * @throws TypeError or RangeError, naming the call, the option, expected and got
 */
export function checkOptions(
  call: string,
  options: unknown,
  kinds: OptionKinds,
  how: { readonly of?: string; readonly words?: Words } = {},
): asserts options is object {
  const { of, words = noWords } = how;
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
    if (!isLeftOut) checkOption(call, of ? `${of}.${name}` : name, { value, kind, words });
  }
}

/** Says which value is expected, by its kind and the place of its option. */
export type Words = (kind: OptionKind, place: string) => string | undefined;

const noWords: Words = () => undefined;

function checkOption(
  call: string,
  of: string,
  { value, kind, words }: { value: unknown; kind: OptionKind; words: Words },
): void {
  const own = ownFields(kind, 1);
  const { fits, expected, fields, items, error: Wrong = TypeError } = own;
  if (fields && isPlainObject(value)) {
    checkOptions(call, value, fields, { of, words });
    return;
  }
  if (!fits?.(value as never)) {
    const what = expected ?? words(own, of) ?? `{ ${Object.keys(fields ?? {}).join(', ')} }`;
    throw new Wrong(`${call}: expected \`${of}\` to be ${what}; got ${inWords(value)}`);
  }
  if (!items || !Array.isArray(value)) return;
  for (const item of value.filter(isPlainObject)) checkOptions(call, item, items, { of, words });
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
