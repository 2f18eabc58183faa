import type { Command } from 'commander';
import { pin } from '../library/offered-models.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

export function addPin(program: Command, terminal: Terminal): void {
  program
    .command('pin')
    .description('Print the pin of a repository: what open() takes as `trust`.')
    .argument(
      '<repository>',
      'directory or URL; a pin from a URL is only as safe as that connection',
    )
    .action(async (repository: string, { json }: CommonOptions) => {
      const result = await pin({ repository });
      printResult(terminal, { json, result: { pin: result }, text: () => result });
    });
}
