import { type Command, Option } from 'commander';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import { type Renewal, renew } from '../library/renew.js';
import { formatTable } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printResult, type Terminal } from '../terminal/terminal.js';

export function addRenew(program: Command, terminal: Terminal): void {
  const command = program
    .command('renew')
    .description('Sign the timestamp anew with a full lifetime, and other metadata that is due.')
    .requiredOption('--repo <dir>', 'directory of the repository');
  addKeyOptions(command)
    .addOption(new Option('--role <role...>', 'renew these roles instead').choices(TUF_ROLES))
    .action(async (flags: KeyFlags & { readonly role?: TufRole[] }) => {
      const result = await renew({
        ...(await keySource(flags, terminal)),
        repository: flags.repo,
        roles: flags.role,
      });
      const { json, repo } = flags;
      printResult(terminal, { json, result, text: () => describe(result, repo) });
    });
}

function describe({ metadata, renewed, expires, due }: Renewal, repository: string): string {
  return [
    `Renewed ${renewed.join(', ')} of ${repository}`,
    ...formatTable(
      Object.entries(expires).map(([role, time]) => [
        `  ${role}`,
        `version ${metadata[role as TufRole]}`,
        `expires ${time}`,
      ]),
    ),
    ...(due.length === 0
      ? []
      : ['', `Due to be renewed: ${due.join(', ')}. The keys for that are not here.`]),
  ].join('\n');
}
