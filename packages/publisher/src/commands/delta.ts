import type { Command } from 'commander';
import { type DeltaResult, delta } from '../library/delta.js';
import { formatBytes, formatCount, formatPercent } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printProgress, printResult, type Terminal } from '../terminal/terminal.js';

export function addDelta(program: Command, terminal: Terminal): void {
  const command = program
    .command('delta')
    .description('Add deltas, so that devices with an older version fetch less.')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the newer published version')
    .requiredOption('--from <version>', 'the older published version')
    .requiredOption('--repo <dir>', 'directory of the repository');
  type Flags = KeyFlags & { readonly from: string };
  addKeyOptions(command).action(async (model: string, version: string, flags: Flags) => {
    const { repo, from, json } = flags;
    const keys = await keySource(flags, terminal);
    const onProgress = printProgress(terminal, 'compared');
    const result = await delta({ repository: repo, model, version, from, onProgress, ...keys });
    printResult(terminal, { json, result, text: () => describe(result) });
  });
}

function describe(result: DeltaResult): string {
  const { model, version, from, deltas, deltasWritten, fraction } = result;
  const { fullBytes, updateBytes, deltaBytes } = result;
  const share = (bytes: number) => `${formatBytes(bytes)}, ${formatPercent(bytes / fullBytes)}`;
  return [
    deltas === 0
      ? `${model} ${version}: no delta from ${from} is smaller than what it replaces.`
      : `${model} ${version}: ${formatCount(deltas, 'delta')} from ${from}, ${deltasWritten} written.`,
    `  full      ${formatBytes(fullBytes)}`,
    `  update    ${share(updateBytes)}: chunks that ${from} does not have`,
    `  deltas    ${formatBytes(deltaBytes)}, ${formatPercent(fraction)}`,
    ...(result.changed ? [] : ['Nothing was signed.']),
  ].join('\n');
}
