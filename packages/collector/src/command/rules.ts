import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseTargets } from '../files/targets.js';
import { readJsonFile } from '../files/watched-file.js';
import { grafanaDashboard } from '../rules/grafana-dashboard.js';
import type { RunbookAddress } from '../rules/rule.js';
import { rulesFile } from '../rules/rules-file.js';
import { publicAddressOf } from '../sending/receiver.js';
import { PORTS } from '../server/listen.js';
import type { CommandContext } from './command-context.js';
import { flag, text, type ValuesOf } from './option.js';
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
  runbooks: text({
    flag: 'runbooks',
    value: 'url',
    defaultText: 'the collector',
    text: 'address of a folder with the files of the runbooks, which alerts link to instead',
    check: publicAddressOf,
  }),
  grafana: flag({
    flag: 'grafana',
    text: 'prints the dashboard of who is on call for Grafana instead: JSON',
  }),
  out: text({ flag: 'out', value: 'file', text: 'writes into it and prints nothing' }),
};

/** `nearside-collector rules` prints what a Prometheus that scrapes collectors needs to call somebody. */
export function addRules(program: Command, context: CommandContext): void {
  const command = program
    .command('rules')
    .description(
      'Prints recording and alerting rules for Prometheus, from the targets, or a dashboard.',
    )
    .helpOption('--help', 'print this')
    .allowExcessArguments(false);
  takeOptions(command, RULES_OPTIONS, context.environment, (options) =>
    printRules(options, context),
  );
}

async function printRules(
  { slo, collector, runbooks, grafana, out }: ValuesOf<typeof RULES_OPTIONS>,
  { print }: CommandContext,
): Promise<void> {
  const targets = slo === undefined ? parseTargets({}) : await readJsonFile(slo, parseTargets);
  const url = publicAddressOf(collector);
  const runbookAt = runbooks === undefined ? undefined : fileIn(publicAddressOf(runbooks));
  const file = grafana ? dashboardFile(url) : rulesFile(targets, url, runbookAt);
  if (out === undefined) print(file.trimEnd());
  else await writeFile(out, file);
}

function fileIn(folder: string): RunbookAddress {
  return (name) => `${folder}/${name}.md`;
}

function dashboardFile(url: string): string {
  return `${JSON.stringify(grafanaDashboard(url), null, 2)}\n`;
}
