import type { Command } from 'commander';
import { type RepositoryStatus, type RoleStatus, status } from '../library/status.js';
import { formatCount, formatTable } from '../terminal/format.js';
import {
  type CommonOptions,
  EXIT,
  type ExitCode,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

export function addStatus(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  program
    .command('status')
    .description(
      'Show how long metadata is valid; exit 3 if under a quarter of a lifetime is left, or more than all of it.',
    )
    .argument('<repository>', 'directory or URL')
    .option('--trust <pin>', 'check that the repository has this pin')
    .action(async (repository: string, { trust, json }: CommonOptions & { trust?: string }) => {
      const result = await status({ repository, trust });
      printResult(terminal, { json, result, text: () => describe(result) });
      if (result.expiring || result.tooLong) endWith(EXIT.expiring);
    });
}

function describe({ pin, roles, tooLong }: RepositoryStatus): string {
  const late = roles.filter(({ state }) => state !== 'valid').map(({ role }) => role);
  return [
    pin,
    ...formatTable(roles.map(describeRole)),
    ...(late.length > 0
      ? ['', `Renew ${late.join(', ')}: nearside renew --repo <dir> --role …`]
      : []),
    ...(tooLong
      ? ['TOO LONG is past the lifetime of a role: was the clock of who signed ahead?']
      : []),
  ].join('\n');
}

function describeRole(role: RoleStatus): string[] {
  const { state, daysLeft, lifetimeLeft, threshold, keyIds } = role;
  return [
    role.role,
    `version ${role.version}`,
    state === 'valid' ? '' : state.toUpperCase().replace('-', ' '),
    `${state === 'expired' ? 'expired' : 'expires'} ${role.expires}`,
    `${daysLeft.toFixed(1)} days, ${(lifetimeLeft * 100).toFixed(0)} % left`,
    `${threshold} of ${formatCount(keyIds.length, 'key')}: ${keyIds.map((id) => id.slice(0, 12)).join(', ')}`,
  ];
}
