import type { Command, OptionValues } from 'commander';
import { StartError } from '../refusals/start-error.js';
import { type Option, type Options, type ValuesOf, variableOf, variablesOf } from './option.js';
import { readSecretFile } from './secret-file.js';

/** Lets a command take `options`, and runs it with their values. */
export function takeOptions<O extends Options>(
  command: Command,
  options: O,
  environment: NodeJS.ProcessEnv,
  run: (values: ValuesOf<O>) => Promise<void>,
): void {
  for (const option of Object.values(options)) addOption(command, option);
  command.action(() => {
    const words = command.opts();
    const values = Object.entries(options).map(([name, option]) => {
      return [name, readOption(option, words, environment)];
    });
    return run(Object.fromEntries(values));
  });
}

function addOption(command: Command, option: Option<unknown>): void {
  const { text, defaultText } = option;
  const initial = defaultText === undefined ? '' : `default: ${defaultText}; `;
  const help = `${text} (${initial}${variablesOf(option).join(', ')})`;
  const [first = '', inFile] = flagsOf(option);
  if (option.value === undefined) command.option(first, help);
  else command.option(first, help, add);
  if (inFile) command.option(inFile, 'the same, in a file', add);
}

/** As they stand on the command line, each with the name of its value. */
export function flagsOf({ flag, value, isWord, isInFile }: Option<unknown>): string[] {
  const word = value === undefined ? `--${flag}` : `--${flag} <${value}>`;
  return [...(isWord ? [word] : []), ...(isInFile ? [`--${flag}-file <file>`] : [])];
}

function add(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word];
}

function readOption<T>(option: Option<T>, words: OptionValues, environment: NodeJS.ProcessEnv): T {
  const { by, read } = givenIn(words, environment, option);
  try {
    return option.parse(read());
  } catch (cause) {
    if (!(cause instanceof StartError)) throw cause;
    throw new StartError(cause.code, `${by}: ${cause.message}`, { cause });
  }
}

/** How an option was given. */
interface Given {
  /** The flag or the variable. */
  readonly by: string;
  readonly read: () => readonly string[];
}

/** Words come before variables, and files before what they replace. An empty variable says nothing. */
function givenIn(
  words: OptionValues,
  environment: NodeJS.ProcessEnv,
  option: Option<unknown>,
): Given {
  const { flag, isList, isInFile } = option;
  const variable = variableOf(option);
  const word = words[attributeOf(flag)];
  if (word !== undefined) return { by: `--${flag}`, read: () => [word].flat().map(String) };
  if (isInFile) {
    const named = words[attributeOf(`${flag}-file`)]?.at(-1);
    if (named !== undefined) return { by: `--${flag}-file`, read: () => readSecretFile(named) };
    const path = environment[`${variable}_FILE`];
    if (path) return { by: `${variable}_FILE`, read: () => readSecretFile(path) };
  }
  const value = environment[variable];
  if (!value) return { by: `--${flag}`, read: () => [] };
  return { by: variable, read: () => (isList ? partsOf(value) : [value]) };
}

/** As Commander names the value of a flag. */
function attributeOf(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function partsOf(value: string): string[] {
  const parts = value.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}
