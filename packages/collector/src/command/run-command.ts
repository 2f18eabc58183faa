import { Command, CommanderError } from 'commander';
import { StartError, type StartErrorCode } from '../refusals/start-error.js';
import { type CommandContext, inWords } from './command-context.js';
import { addMove } from './move.js';
import { addRules } from './rules.js';
import { addServe } from './serve.js';

/** These codes are wrong usage, and all others are failures. */
const USAGE: readonly StartErrorCode[] = ['option-invalid', 'token-unfit', 'read-token-missing'];

/**
 * Runs the `nearside-collector` command.
 *
 * @param words the words after `nearside-collector`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCommand(
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  try {
    const program = createProgram(context);
    requireCommand(words[0] ?? '', program);
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own message
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    context.printError(inWords(error));
    return error instanceof StartError && USAGE.includes(error.code) ? 2 : 1;
  }
}

/** A mistyped command would be an argument too many of serving. */
function requireCommand(word: string, { commands }: Command): void {
  const names = commands.map((command) => command.name());
  if (word === '' || word.startsWith('-') || names.includes(word)) return;
  throw new StartError(
    'option-invalid',
    `expected ${names.join(' or ')}, or options alone to serve, got ${JSON.stringify(word)}. A file is given with --file.`,
  );
}

/** Without the name of a command it serves. Each command is a file of this folder. */
function createProgram(context: CommandContext): Command {
  const program = new Command('nearside-collector')
    .description(
      'Receives Nearside reports, counts each exactly once, serves metrics and a dashboard.',
    )
    .helpOption('--help', 'print this')
    .helpCommand(false)
    .allowExcessArguments(false)
    .enablePositionalOptions() // commands may have options of the same name
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.printError(text.trimEnd()),
    })
    .exitOverride();
  addServe(program, context);
  addRules(program, context);
  addMove(program, context);
  return program;
}
