import { isNearsideError } from '@nearside/core';
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
    .description('Serve a repository for trying, with the headers a CDN should send.')
    .argument('<repository-dir>', 'directory of the repository');
  addServeOptions(command).action(async (dir: string, flags: ServeFlags) => {
    await serveUntilInterrupted({ dir, what: dir, flags, terminal });
  });
}

export function addServeOptions(command: Command): Command {
  return command
    .option('--port <number>', `port; default ${PORTS.first} or the next free one`, parsePort)
    .option('--host <address>', 'address to listen on', '127.0.0.1');
}

export interface Served {
  /** Directory of the repository. */
  readonly dir: string;
  /** Words for it. */
  readonly what: string;
  readonly flags: ServeFlags;
  readonly terminal: Terminal;
}

/** Prints what is served where and how to open it, and ends when the user interrupts it. */
export async function serveUntilInterrupted({ dir, what, flags, terminal }: Served): Promise<void> {
  const { json, port, host } = flags;
  await using server = await serveRepository({ dir, port, host });
  const offered = await offeredModels(dir, { baseUrl: server.url }).catch(nothingOffered);
  printResult(terminal, {
    json,
    result: { url: server.url, port: server.port, dir, ...offered },
    text: () => describe(`Serving ${what} at ${server.url} (Ctrl-C ends it)`, offered),
  });
  await terminal.interrupted();
}

/** A repository that does not verify is served all the same, so that people can try how devices react. */
function nothingOffered(error: unknown): { readonly problem: string } {
  if (isNearsideError(error)) return { problem: `${error.code}: ${error.message}` };
  throw error;
}

function describe(serving: string, offered: OfferedModels | { readonly problem: string }): string {
  if ('problem' in offered) return `${serving}\nNo device opens a model of it: ${offered.problem}`;
  const lines = offered.models.map(({ open }) => open);
  return [serving, describeFirstVisits(offered), '', ...lines].join('\n');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}
