import { type Command, InvalidArgumentError } from 'commander';
import { PORTS } from '../listen.js';
import { serveRepository } from '../serve-repository.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

interface ServeFlags extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
}

export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('Serve a repository with the headers a CDN should send, for trying.')
    .argument('<repository-dir>', 'directory of the repository')
    .option('--port <number>', `port; default ${PORTS.first} or the next free one`, parsePort)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action(async (dir: string, { json, port, host }: ServeFlags) => {
      await using server = await serveRepository({ dir, port, host });
      const result = { url: server.url, port: server.port, dir };
      printResult(terminal, {
        json,
        result,
        text: () => `Serving ${dir} at ${server.url} (Ctrl-C ends it)`,
      });
      await terminal.interrupted();
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}
