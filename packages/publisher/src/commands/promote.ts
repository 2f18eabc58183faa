import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Promotion, promote } from '../library/promote.js';
import { basisPoints } from '../signing/offer-release.js';
import { formatPercent, NEXT } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printResult, type Terminal } from '../terminal/terminal.js';

interface PromoteFlags extends KeyFlags {
  readonly to?: number;
  readonly stable?: true;
}

export function addPromote(program: Command, terminal: Terminal): void {
  const command = program
    .command('promote')
    .description('Offer a canary or shadow to more devices, or to all of them as stable.')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'a published version')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .addOption(
      new Option('--to <percent>', 'the share of devices that may run it')
        .argParser(parsePercent)
        .conflicts('stable'),
    )
    .option('--stable', 'offer it to every device');
  addKeyOptions(command).action(async (model: string, version: string, flags: PromoteFlags) => {
    const { repo, to, stable, json } = flags;
    const share = stable ? 'stable' : to;
    if (share === undefined) throw nothingSaid();
    const keys = await keySource(flags, terminal);
    const result = await promote({ repository: repo, model, version, to: share, ...keys });
    printResult(terminal, { json, result, text: () => describe(result) });
  });
}

function nothingSaid(): CommanderError {
  const message = "error: expected '--to <percent>' or '--stable', got neither";
  return new CommanderError(1, 'commander.missingMandatoryOptionValue', message);
}

function describe({ model, version, state, percent, changed, metadata }: Promotion): string {
  const offered = `${state}, offered to ${formatPercent(percent / 100)} of devices`;
  return changed
    ? `${model} ${version} is now ${offered} (targets ${metadata.targets}).\n${NEXT}`
    : `${model} ${version} is ${offered} already. Nothing was signed.`;
}

/** `5` or `5%` → 5, a share of devices that a rollout can have. */
export function parsePercent(text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?) ?%?$/.exec(text)?.[1]);
  try {
    basisPoints(percent);
    return percent;
  } catch {
    throw new InvalidArgumentError('Expected a percentage from 0.01 to 100, in steps of 0.01.');
  }
}
