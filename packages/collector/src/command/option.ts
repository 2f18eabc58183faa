import { StartError } from '../refusals/start-error.js';

/** A value that a command takes from its words, from a variable of the environment, or from a file. */
export interface Option<T> {
  /** Without dashes: `min-devices`. The variable is named after it: `NEARSIDE_MIN_DEVICES`. */
  readonly flag: string;
  /** What it does, for `--help` and for the README. */
  readonly text: string;
  /** Names the value in `--help`. A switch has none. */
  readonly value?: string;
  /** For people. */
  readonly defaultText?: string;
  /** Everybody on the machine sees the words of a command, so tokens are not taken from them. */
  readonly isWord: boolean;
  /** `--<flag>-file` and `<VARIABLE>_FILE` name a file that has it, as platforms mount their secrets. */
  readonly isInFile: boolean;
  /** It may be given several times. A variable has commas between the values. */
  readonly isList: boolean;
  /**
   * Makes the value of what was given, or the default of an empty list.
   *
   * @throws StartError `option-invalid`, `token-unfit`, `file-missing`
   */
  readonly parse: (texts: readonly string[]) => T;
}

/** Options by the names of their values. */
export type Options = Readonly<Record<string, Option<unknown>>>;

export type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

interface About<T> {
  readonly flag: string;
  readonly text: string;
  readonly value: string;
  /** Where it says more than the default does. */
  readonly defaultText?: string;
  /** Throws a StartError where the value cannot be. */
  readonly check?: (value: T) => unknown;
}

const WORD = { isWord: true, isInFile: false, isList: false };

export function text<D extends string | undefined = undefined>({
  check,
  default: initial,
  ...about
}: About<string> & { readonly default?: D }): Option<string | D> {
  const parse = (texts: readonly string[]) => {
    const last = texts.at(-1);
    return last === undefined ? (initial as D) : checked(last, check);
  };
  return { ...WORD, defaultText: initial, ...about, parse };
}

export function integer<D extends number | undefined = undefined>({
  from: smallest,
  default: initial,
  ...about
}: About<number> & { readonly from: number; readonly default?: D }): Option<number | D> {
  const defaultText = initial === undefined ? undefined : String(initial);
  const parse = (texts: readonly string[]) => {
    const last = texts.at(-1);
    return last === undefined ? (initial as D) : integerIn(last, smallest);
  };
  return { ...WORD, defaultText, ...about, parse };
}

export function list({ check, ...about }: About<readonly string[]>): Option<readonly string[]> {
  return { ...WORD, isList: true, ...about, parse: (texts) => checked(texts, check) };
}

/** Some that hold at once, so that an old one can be replaced. */
export function tokens(about: About<readonly string[]>): Option<readonly string[]> {
  return { ...list(about), isList: false, isWord: false, isInFile: true };
}

/** It may hold a password, and then belongs into a file. */
export function address(about: About<string>): Option<string | undefined> {
  return { ...text(about), isInFile: true };
}

/** Its variable is `true` or `false`. */
export function flag(about: { readonly flag: string; readonly text: string }): Option<boolean> {
  return { ...WORD, ...about, parse: (texts) => isOn(texts.at(-1) ?? 'false') };
}

export function variableOf({ flag }: Pick<Option<unknown>, 'flag'>): string {
  return `NEARSIDE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** The variables that are read where its flags are not given. */
export function variablesOf(option: Pick<Option<unknown>, 'flag' | 'isInFile'>): string[] {
  const variable = variableOf(option);
  return option.isInFile ? [variable, `${variable}_FILE`] : [variable];
}

function checked<T>(value: T, check?: (value: T) => unknown): T {
  check?.(value);
  return value;
}

function integerIn(text: string, smallest: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= smallest) return value;
  throw new StartError('option-invalid', `expected an integer ≥ ${smallest}, got '${text}'.`);
}

function isOn(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new StartError('option-invalid', `expected true or false, got '${text}'.`);
}
