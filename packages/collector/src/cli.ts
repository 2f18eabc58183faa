#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { PORTS } from './listen.js';
import { COLLECTOR_DEFAULTS, startCollector } from './start-collector.js';

const DEFAULT_FILE = '.nearside/collector.sqlite';

interface CliOptions {
  file: string;
  host: string;
  port?: number;
  minDevices: number;
  json?: true;
}

const program = new Command('nearside-collector')
  .description(
    'Receives Nearside reports, counts each exactly once, serves metrics and a dashboard.',
  )
  .option('--file <path>', 'SQLite file, created when missing', DEFAULT_FILE)
  .option('--host <address>', 'address to listen on', COLLECTOR_DEFAULTS.host)
  .option('--port <number>', `port; default ${PORTS.first} or the next free one`, integerFrom(0))
  .option(
    '--min-devices <number>',
    'hide groups of fewer devices from other machines',
    integerFrom(1),
    COLLECTOR_DEFAULTS.minDevices,
  )
  .option('--json', 'print the address as JSON')
  .helpOption('--help', 'print this')
  .exitOverride()
  .action(serve);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

async function serve({ json, ...options }: CliOptions): Promise<void> {
  const collector = await startCollector({ ...options, onError: printChanged() });
  const { url, port } = collector;
  console.log(
    json ? JSON.stringify({ url, port, file: options.file }) : greeting(url, options.file),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void collector.close());
  }
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
function printChanged(): (error: unknown) => void {
  let last = '';
  return (error) => {
    const line = error instanceof Error ? error.message : String(error);
    if (line !== last) console.error(`nearside-collector: ${line}`);
    last = line;
  };
}

/** 0 done, 1 failed, 2 wrong usage. Commander has printed its own message. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  console.error(`nearside-collector: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
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
