import { type Command, InvalidArgumentError } from 'commander';
import type { OfferedModels } from '../library/offered-models.js';
import { publishExample } from '../library/publish-example.js';
import type { Terminal } from '../terminal/terminal.js';
import { addServeOptions, type ServeFlags, serveUntilInterrupted } from './serve.js';

export function addTry(program: Command, terminal: Terminal): void {
  const command = program
    .command('try')
    .description(
      'Serve a small model that reads digits, sealed, and signed under throw-away keys.',
    );
  addServeOptions(command).allowExcessArguments(); // a file of one's own is told what to do with it
  command.action(async (flags: ServeFlags, { args: [file] }: Command) => {
    if (file !== undefined) {
      throw new InvalidArgumentError(
        '`try` serves a model that it brings along. ' +
          `Yours: \`nearside seal ${file} --out public/models/mine\`, then \`nearside serve public/models\``,
      );
    }
    await using example = await publishExample();
    await serveUntilInterrupted({ dir: example.repository, flags, terminal, describe });
  });
}

/** Nobody renews the signed one, because nobody keeps its keys. */
function describe(url: string, { models: [sealed, signed] }: OfferedModels): string {
  return [
    `Serving a model of handwritten digits at ${url} (Ctrl-C ends it)`,
    '',
    sealed?.open,
    '',
    'The same model, signed under keys that nobody keeps:',
    signed?.open,
  ].join('\n');
}
