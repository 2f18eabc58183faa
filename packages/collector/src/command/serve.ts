import { once } from 'node:events';
import type { Command } from 'commander';
import { startCollector } from '../server/start-collector.js';
import { type StorePlace, storeOf } from '../store-at.js';
import { type CommandContext, inWords } from './command-context.js';
import type { ValuesOf } from './option.js';
import { DEFAULT_FILE, SERVE_OPTIONS } from './serve-options.js';
import { takeOptions } from './take-options.js';

/** `nearside-collector` without a further word. */
export function addServe(program: Command, context: CommandContext): void {
  takeOptions(program, SERVE_OPTIONS, context.environment, (options) => serve(options, context));
}

/** Serves until the signal is aborted. */
async function serve(
  {
    json,
    database,
    file = database === undefined ? DEFAULT_FILE : undefined,
    ...rest
  }: ValuesOf<typeof SERVE_OPTIONS>,
  { print, printError, signal }: CommandContext,
): Promise<void> {
  const options = { ...rest, file, database, onError: printChanges(printError) };
  const { named } = storeOf(options);
  const collector = await startCollector(options);
  const { url, port } = collector;
  print(json ? JSON.stringify({ url, port, ...named }) : greeting(url, named));
  if (!signal.aborted) await once(signal, 'abort');
  await collector.close();
}

function greeting(url: string, named: StorePlace['named']): string {
  const [[what, name] = []] = Object.entries(named);
  return [
    `Nearside collector  ${url}`,
    `  reports           ${url}/v1/reports`,
    `  metrics           ${url}/metrics`,
    `  ${what?.padEnd(16)}  ${name}`,
  ].join('\n');
}

/** A full disk fails thousands of reports alike, so one line is printed until the reason changes. */
function printChanges(printError: (line: string) => void): (error: unknown) => void {
  let last = '';
  return (error) => {
    const line = inWords(error);
    if (line !== last) printError(line);
    last = line;
  };
}
