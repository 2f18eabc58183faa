import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { PORTS } from './listen.js';
import { COLLECTOR_DEFAULTS, startCollector } from './start-collector.js';

const DEFAULT_FILE = '.nearside/collector.sqlite';

/** Where a command's words go and what ends it. */
export interface CommandContext {
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Aborted when the collector is to close. */
  readonly signal: AbortSignal;
}

interface CommandOptions {
  file: string;
  host: string;
  port?: number;
  minDevices: number;
  json?: true;
}

/**
 * The `nearside-collector` command: serves until `signal` is aborted.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCommand(
  args: readonly string[],
  { print, printError, signal }: CommandContext,
): Promise<number> {
  const command = describeCommand()
    .configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => printError(text.trimEnd()),
    })
    .exitOverride();
  try {
    command.parse(args, { from: 'user' });
    await serve(command.opts<CommandOptions>(), { print, printError, signal });
    return 0;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(`nearside-collector: ${messageOf(error)}`);
    return 1;
  }
}

function describeCommand(): Command {
  return new Command('nearside-collector')
    .description(
      'Receives Nearside reports, counts each exactly once, serves metrics and a dashboard.',
    )
    .option('--file <path>', 'SQLite file, created when missing', DEFAULT_FILE)
    .option('--host <address>', 'address to listen on', COLLECTOR_DEFAULTS.host)
    .option(
      '--port <number>',
      `port (default: ${PORTS.first} or the next free one)`,
      integerFrom(0),
    )
    .option(
      '--min-devices <number>',
      'hide groups of fewer devices from other machines',
      integerFrom(1),
      COLLECTOR_DEFAULTS.minDevices,
    )
    .option('--json', 'print the address as JSON')
    .helpOption('--help', 'print this')
    .allowExcessArguments(false);
}

async function serve(
  { json, ...options }: CommandOptions,
  { print, printError, signal }: CommandContext,
): Promise<void> {
  const collector = await startCollector({ ...options, onError: printChanges(printError) });
  const { url, port } = collector;
  const { file } = options;
  print(json ? JSON.stringify({ url, port, file }) : greeting(url, file));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await collector.close();
}

function greeting(url: string, file: string): string {
  return [
    `Nearside collector  ${url}`,
    `  reports           ${url}/v1/reports`,
    `  metrics           ${url}/metrics`,
    `  file              ${file}`,
  ].join('\n');
}

/** A full disk fails thousands of reports alike: one line is enough until the reason changes. */
function printChanges(printError: (line: string) => void): (error: unknown) => void {
  let last = '';
  return (error) => {
    const line = `nearside-collector: ${messageOf(error)}`;
    if (line !== last) printError(line);
    last = line;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function integerFrom(smallest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < smallest) {
      throw new InvalidArgumentError(`Expected an integer ≥ ${smallest}.`);
    }
    return value;
  };
}
