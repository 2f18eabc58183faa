import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseTargets } from '../files/targets.js';
import { readJsonFile } from '../files/watched-file.js';
import { rulesFile } from '../rules/rules-file.js';
import { publicAddressOf } from '../sending/receiver.js';
import { PORTS } from '../server/listen.js';
import type { CommandContext } from './command-context.js';
import { text, type ValuesOf } from './option.js';
import { SERVE_OPTIONS } from './serve-options.js';
import { takeOptions } from './take-options.js';

export const RULES_OPTIONS = {
  slo: SERVE_OPTIONS.slo,
  collector: text({
    flag: 'collector',
    value: 'url',
    default: `http://127.0.0.1:${PORTS.first}`,
    text: 'address at which people reach the collector, which serves the runbooks',
    check: publicAddressOf,
  }),
  out: text({ flag: 'out', value: 'file', text: 'writes into it and prints nothing' }),
};

/** `nearside-collector rules` prints what a Prometheus that scrapes collectors needs to call somebody. */
export function addRules(program: Command, context: CommandContext): void {
  const command = program
    .command('rules')
    .description('Prints recording and alerting rules for Prometheus, from the targets.')
    .helpOption('--help', 'print this')
    .allowExcessArguments(false);
  takeOptions(command, RULES_OPTIONS, context.environment, (options) =>
    printRules(options, context),
  );
}

async function printRules(
  { slo, collector, out }: ValuesOf<typeof RULES_OPTIONS>,
  { print }: CommandContext,
): Promise<void> {
  const targets = slo === undefined ? parseTargets({}) : await readJsonFile(slo, parseTargets);
  const file = rulesFile(targets, publicAddressOf(collector));
  if (out === undefined) print(file.trimEnd());
  else await writeFile(out, file);
}
