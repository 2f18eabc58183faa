import { once } from 'node:events';
import { isNearsideError } from '@nearside/core';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ACCESS_DEFAULTS } from '../access/access.js';
import { readTokens } from '../access/read-tokens.js';
import { StartError, type StartErrorCode } from '../refusals/start-error.js';
import { PORTS } from './listen.js';
import { COLLECTOR_DEFAULTS, startCollector } from './start-collector.js';

const DEFAULT_FILE = '.nearside/collector.sqlite';

/** The surroundings of a command. */
export interface CommandContext {
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Aborted when the collector is to close. */
  readonly signal: AbortSignal;
  /** It may hold tokens. */
  readonly environment?: NodeJS.ProcessEnv;
}

interface CommandOptions {
  file: string;
  host: string;
  port?: number;
  minDevices: number;
  readTokenFile?: string;
  siteTokenFile?: string;
  origin: string[];
  trustedProxy: string[];
  requestsPerMinute: number;
  maxConnections: number;
  auditLog?: string;
  models?: string;
  slo?: string;
  prices?: string;
  tracesTo?: string;
  json?: true;
}

/** These codes are wrong usage, and all others are failures. */
const USAGE: readonly StartErrorCode[] = ['option-invalid', 'token-unfit', 'read-token-missing'];

/**
 * Runs the `nearside-collector` command, which serves until `signal` is aborted.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCommand(
  args: readonly string[],
  { print, printError, signal, environment = process.env }: CommandContext,
): Promise<number> {
  const command = describeCommand()
    .configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => printError(text.trimEnd()),
    })
    .exitOverride();
  try {
    command.parse(args, { from: 'user' });
    const context = { print, printError, signal, environment };
    await serve(command.opts<CommandOptions>(), context);
    return 0;
  } catch (error) {
    // Commander has printed its own message
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(`nearside-collector: ${inWords(error)}`);
    return error instanceof StartError && USAGE.includes(error.code) ? 2 : 1;
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
    .option(
      '--read-token-file <file>',
      'who has a token of it sees figures, or of NEARSIDE_READ_TOKEN; needed for other hosts',
    )
    .option(
      '--site-token-file <file>',
      'pages need a token of it to send reports, or of NEARSIDE_SITE_TOKEN',
    )
    .option('--origin <origin>', 'pages of it may send reports (repeatable; default: all)', add, [])
    .option(
      '--trusted-proxy <address>',
      'address or subnet of your proxy on another machine (repeatable)',
      add,
      [],
    )
    .option(
      '--requests-per-minute <number>',
      'from one address',
      integerFrom(1),
      ACCESS_DEFAULTS.requestsPerMinute,
    )
    .option(
      '--max-connections <number>',
      'open at a time',
      integerFrom(1),
      ACCESS_DEFAULTS.maxConnections,
    )
    .option('--audit-log <file>', 'add a line of JSON for each administrative act')
    .option('--models <file>', 'what `nearside facts` wrote')
    .option('--slo <file>', 'targets for latency, success and accuracy')
    .option('--prices <file>', 'what inferences cost elsewhere')
    .option('--traces-to <url>', 'send traces on to a receiver of OTLP/HTTP')
    .option('--json', 'print the address as JSON')
    .helpOption('--help', 'print this')
    .allowExcessArguments(false);
}

async function serve(
  { json, origin, trustedProxy, readTokenFile, siteTokenFile, ...options }: CommandOptions,
  { print, printError, signal, environment }: Required<CommandContext>,
): Promise<void> {
  const collector = await startCollector({
    ...options,
    origins: origin,
    trustedProxies: trustedProxy,
    readToken: readTokens('NEARSIDE_READ_TOKEN', { file: readTokenFile, environment }),
    siteToken: readTokens('NEARSIDE_SITE_TOKEN', { file: siteTokenFile, environment }),
    onError: printChanges(printError),
  });
  const { url, port } = collector;
  const { file } = options;
  print(json ? JSON.stringify({ url, port, file }) : greeting(url, file));
  if (!signal.aborted) await once(signal, 'abort');
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

/** A full disk fails thousands of reports alike, so one line is printed until the reason changes. */
function printChanges(printError: (line: string) => void): (error: unknown) => void {
  let last = '';
  return (error) => {
    const line = `nearside-collector: ${inWords(error)}`;
    if (line !== last) printError(line);
    last = line;
  };
}

/** Makes one line, whatever the error quotes. */
function inWords(error: unknown): string {
  const code = error instanceof StartError || isNearsideError(error) ? `${error.code}: ` : '';
  const message = error instanceof Error ? error.message : String(error);
  return code + message.replace(/\s*\n\s*/g, ' ');
}

function add(value: string, before: string[]): string[] {
  return [...before, value];
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
