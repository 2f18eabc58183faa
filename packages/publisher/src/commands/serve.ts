import { type Command, InvalidArgumentError } from 'commander';
import { type OfferedModels, offeredModels } from '../library/offered-models.js';
import { serveRepository } from '../library/serve-repository.js';
import { PORTS } from '../serving/listen.js';
import { describeFirstVisits } from '../terminal/format.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

export interface ServeFlags extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
}

export function addServe(program: Command, terminal: Terminal): void {
  const command = program
    .command('serve')
    .description('Serve models for trying, with the headers a CDN should send.')
    .argument('<dir>', 'directory of a repository, or with folders of sealed models');
  addServeOptions(command).action(async (dir: string, flags: ServeFlags) => {
    const inWords = (url: string, offered: OfferedModels) => describe(dir, url, offered);
    await serveUntilInterrupted({ dir, flags, terminal, describe: inWords });
  });
}

export function addServeOptions(command: Command): Command {
  return command
    .option('--port <number>', `port; default ${PORTS.first} or the next free one`, parsePort)
    .option('--host <address>', 'address to listen on', '127.0.0.1');
}

export interface Served {
  /** A repository, or a directory with folders of sealed models. */
  readonly dir: string;
  readonly flags: ServeFlags;
  readonly terminal: Terminal;
  /** Words for what is served at an address. */
  readonly describe: (url: string, offered: OfferedModels) => string;
}

/** Prints what is served where and how to open it, and ends when the user interrupts it. */
export async function serveUntilInterrupted(served: Served): Promise<void> {
  const { dir, flags, terminal, describe } = served;
  const { json, port, host } = flags;
  await using server = await serveRepository({ dir, port, host });
  const { url } = server;
  const offered = await offeredModels(dir, { baseUrl: url });
  printResult(terminal, {
    json,
    result: { url, port: server.port, dir, ...offered },
    text: () => describe(url, offered),
  });
  await terminal.interrupted();
}

function describe(dir: string, url: string, offered: OfferedModels): string {
  const { models, problem, firstVisitsUntil } = offered;
  return [
    `Serving ${dir} at ${url} (Ctrl-C ends it)`,
    ...(problem === undefined ? [] : [`No device opens a model of it: ${problem}`]),
    ...(firstVisitsUntil === undefined ? [] : [describeFirstVisits({ firstVisitsUntil })]),
    ...(models.length === 0 ? [] : ['']),
    ...models.map(({ open }) => open),
  ].join('\n');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}
