import { readFileSync } from 'node:fs';
import { isNearsideError } from '@nearside/core';
import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';
import { addInspect } from './inspect.js';
import { addKeygen } from './keygen.js';
import { addPack } from './pack.js';
import { addPin } from './pin.js';
import { addPublish } from './publish.js';
import { addServe } from './serve.js';
import type { Terminal } from './terminal.js';

/**
 * Runs the `nearside` command.
 *
 * @param words what stands after `nearside`
 * @returns the exit code; everything else goes to the terminal
 */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await createProgram(terminal).parseAsync(words, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done; // --help
    const failure = explain(error);
    terminal.error(`nearside: ${failure.code}: ${failure.message}`);
    if (terminal.debug && error instanceof Error) terminal.error(error.stack ?? '');
    if (words.includes('--json')) terminal.out(JSON.stringify({ error: failure }, null, 2));
    return failure.code === 'usage' ? EXIT.usage : EXIT.failed;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('nearside')
    .description('Packs, signs and publishes machine-learning models for Nearside.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print what a command does and takes')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: () => {}, // printed like every other failure
    });
  addKeygen(program, terminal);
  addPack(program, terminal);
  addPublish(program, terminal);
  addInspect(program, terminal);
  addServe(program, terminal);
  addPin(program, terminal);
  for (const command of program.commands) {
    command.option('--json', 'print one JSON document').helpOption('--help', 'print this');
  }
  return program;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** What went wrong: `usage` is how the command was called, a Nearside or system code the rest. */
function explain(error: unknown): Failure {
  if (error instanceof CommanderError) return { code: 'usage', message: usageMessage(error) };
  if (isNearsideError(error)) {
    const { code, message, details } = error;
    return { code, message, details };
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return {
    code: typeof code === 'string' ? code : 'failed',
    message: error instanceof Error ? error.message : String(error),
  };
}

function usageMessage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'Expected a command, got none.';
  return `${message.replace(/^error: /, '').replace(/\.$/, '')}. \`--help\` tells what a command takes.`;
}

function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
