import type { Command } from 'commander';
import { publishExample } from '../library/publish-example.js';
import type { Terminal } from '../terminal/terminal.js';
import { addServeOptions, type ServeFlags, serveUntilInterrupted } from './serve.js';

export function addTry(program: Command, terminal: Terminal): void {
  const command = program
    .command('try')
    .description('Publish a small model that reads digits, under throw-away keys, and serve it.');
  addServeOptions(command).action(async (flags: ServeFlags) => {
    await using example = await publishExample();
    const what = 'a model of handwritten digits, whose keys nobody keeps,';
    await serveUntilInterrupted({ dir: example.repository, what, flags, terminal });
  });
}
