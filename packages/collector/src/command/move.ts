import type { Command } from 'commander';
import { StartError } from '../refusals/start-error.js';
import type { CommandContext } from './command-context.js';
import { address, flag, text, type ValuesOf } from './option.js';
import { takeOptions } from './take-options.js';

const MOVE_OPTIONS = {
  from: text({ flag: 'from', value: 'path', text: 'SQLite file of a collector that has ended' }),
  to: address({ flag: 'to', value: 'address', text: 'an empty PostgreSQL database' }),
  json: flag({ flag: 'json', text: 'print the number of rows by table as JSON' }),
};

/** `nearside-collector move` */
export function addMove(program: Command, context: CommandContext): void {
  const command = program
    .command('move')
    .description('Takes the file of a collector to a PostgreSQL database, ids included.');
  takeOptions(command, MOVE_OPTIONS, context.environment, (options) => move(options, context));
}

async function move(
  { from, to, json }: ValuesOf<typeof MOVE_OPTIONS>,
  { print, printError, signal }: CommandContext,
): Promise<void> {
  if (!from || !to) throw new StartError('option-invalid', 'expected --from and --to.');
  // nobody but who has such a database loads its driver
  const { moveFile } = await import('../postgres/move-file.js');
  const say = (line: string) => json || printError(line);
  const { where, counts } = await moveFile(from, to, { say, signal });
  const done = `Moved to ${where}. Start collectors with --database now: on ${from} none starts any more.`;
  print(json ? JSON.stringify(counts) : done);
}
