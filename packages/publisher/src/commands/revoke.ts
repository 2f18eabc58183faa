import type { Command } from 'commander';
import { type Revocation, revoke } from '../library/revoke.js';
import { NEXT } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printResult, type Terminal } from '../terminal/terminal.js';

interface RevokeFlags extends KeyFlags {
  readonly fallback?: string;
  readonly force?: true;
}

export function addRevoke(program: Command, terminal: Terminal): void {
  const command = program
    .command('revoke')
    .description('Take a version back from every device, for good.')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'a published version')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .option(
      '--fallback <version>',
      'version that devices go back to (default: the newest stable one)',
    )
    .option('--force', 'revoke even if no version is left for every device');
  addKeyOptions(command).action(async (model: string, version: string, flags: RevokeFlags) => {
    const { repo, fallback, force, json } = flags;
    const keys = await keySource(flags, terminal);
    const result = await revoke({ repository: repo, model, version, fallback, force, ...keys });
    printResult(terminal, { json, result, text: () => describe(result) });
  });
}

function describe(revocation: Revocation): string {
  const { model, version, changed, metadata } = revocation;
  return changed
    ? `Revoked ${model} ${version} (targets ${metadata.targets}). ${describeWayBack(revocation)}\n${NEXT}`
    : `${model} ${version} is revoked already. Nothing was signed.`;
}

function describeWayBack({ was, fallback }: Revocation): string {
  if (was === 'shadow') return 'It served nobody; no device runs it beside any more.';
  return fallback ? `Devices go back to ${fallback.version}.` : 'No version is left for all.';
}
