import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { explainFailure } from '../errors/explain-failure.js';
import { printableTerminal } from '../terminal/printable.js';
import { EXIT, type ExitCode, type Terminal } from '../terminal/terminal.js';
import { addAutopilot } from './autopilot.js';
import { addDelta } from './delta.js';
import { addDiff } from './diff.js';
import { addDoctor } from './doctor.js';
import { addFacts } from './facts.js';
import { addInspect } from './inspect.js';
import { addKeygen } from './keygen.js';
import { addPack } from './pack.js';
import { addPin } from './pin.js';
import { addPromote } from './promote.js';
import { addPrune } from './prune.js';
import { addPublish } from './publish.js';
import { addQuantize } from './quantize.js';
import { addRenew } from './renew.js';
import { addRevoke } from './revoke.js';
import { addRotateRoot } from './rotate-root.js';
import { addSeal } from './seal.js';
import { addServe } from './serve.js';
import { addSignRoot } from './sign-root.js';
import { addStatus } from './status.js';
import { addTry } from './try.js';
import { addVerify } from './verify.js';

/**
 * Runs the `nearside` command.
 *
 * @param words the words after `nearside`
 * @param given receives no control characters, whatever a command prints
 * @returns the exit code; everything else goes to the terminal
 */
export async function runCommand(words: readonly string[], given: Terminal): Promise<ExitCode> {
  const json = words.includes('--json');
  const terminal = printableTerminal(given, { json });
  let exitCode: ExitCode = EXIT.done;
  try {
    requireOneLine(words);
    const program = createProgram(terminal, (code) => {
      exitCode = code;
    });
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done; // --help
    const failure = explainFailure(error);
    terminal.error(`nearside: ${failure.code}: ${failure.message}`);
    if (terminal.debug && error instanceof Error) terminal.error(error.stack ?? '');
    if (json) terminal.out(JSON.stringify({ error: failure }, null, 2));
    return EXIT_OF_CODE[failure.code] ?? EXIT.failed;
  }
}

/** Commands print names as they were given, and one with a line break would print lines of its own. */
function requireOneLine(words: readonly string[]): void {
  const broken = words.find((word) => /[\n\r]/.test(word));
  if (broken === undefined) return;
  const message = `error: expected words without line breaks, got ${JSON.stringify(broken)}`;
  throw new CommanderError(1, 'commander.invalidArgument', message);
}

/** @param endWith sets the exit code of a command that succeeds and has more to say than that */
function createProgram(terminal: Terminal, endWith: (exitCode: ExitCode) => void): Command {
  const program = new Command('nearside')
    .description('Packs, signs and publishes machine-learning models for Nearside.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print what a command does and takes')
    .helpCommand(false)
    .enablePositionalOptions() // `pack` has a --version of its own
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: () => {}, // printed like every other failure
    });
  addTry(program, terminal);
  addSeal(program, terminal);
  addQuantize(program, terminal);
  addKeygen(program, terminal);
  addPack(program, terminal);
  addPublish(program, terminal);
  addInspect(program, terminal);
  addRevoke(program, terminal);
  addPrune(program, terminal);
  addPromote(program, terminal);
  addAutopilot(program, terminal, endWith);
  addDiff(program, terminal);
  addDelta(program, terminal);
  addServe(program, terminal);
  addRenew(program, terminal);
  addRotateRoot(program, terminal);
  addSignRoot(program, terminal);
  addStatus(program, terminal, endWith);
  addVerify(program, terminal, endWith);
  addDoctor(program, terminal, endWith);
  addFacts(program, terminal);
  addPin(program, terminal);
  for (const command of program.commands) {
    command
      .option('--json', 'print one JSON document')
      .helpOption('--help', 'print this')
      .exitOverride((error) => {
        throw withAllNeeded(error, command);
      });
  }
  return program;
}

const MISSING = new Set(['commander.missingMandatoryOptionValue', 'commander.missingArgument']);

/** Where one word is missing, says all that the command needs. */
function withAllNeeded(error: CommanderError, command: Command): CommanderError {
  if (!MISSING.has(error.code)) return error;
  const words = command.registeredArguments.filter(({ required }) => required);
  const options = command.options.filter(({ mandatory }) => mandatory);
  const needed = [...words.map((one) => `<${one.name()}>`), ...options.map(({ flags }) => flags)];
  const message = `${error.message}; expected nearside ${[command.name(), ...needed].join(' ')}`;
  return new CommanderError(error.exitCode, error.code, message);
}

/** Exit codes of failures that are not simply `failed`. */
const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = Object.freeze({
  usage: EXIT.usage,
  'schema-breaking': EXIT.refused,
  'gate-refused': EXIT.refused,
  'canary-out': EXIT.refused,
});

function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
