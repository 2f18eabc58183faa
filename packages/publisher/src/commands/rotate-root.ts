import { type Command, InvalidArgumentError, Option } from 'commander';
import { KEY_ROLES, type KeyRole, TUF_ROLES } from '../keys/key-files.js';
import type { Thresholds } from '../keys/thresholds.js';
import { proposeRoot } from '../library/propose-root.js';
import { type RootRotation, rotateRoot } from '../library/rotate-root.js';
import { describeProposal } from '../terminal/describe-proposal.js';
import { formatVersions } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printResult, type Terminal } from '../terminal/terminal.js';

interface RotateRootFlags extends KeyFlags {
  readonly newKeys?: string;
  readonly replace?: KeyRole[];
  readonly add?: KeyRole[];
  readonly removeKey?: string[];
  readonly threshold?: Thresholds;
  readonly dropVersions?: true;
  readonly propose?: string;
  readonly apply?: string;
}

const EXAMPLES = `
An online key was stolen     nearside keygen --role timestamp
                             nearside rotate-root --repo <dir> --replace timestamp
The root key gets old        nearside keygen --role root
                             nearside rotate-root --repo <dir> --replace root
One more model key           nearside keygen --role model
                             nearside rotate-root --repo <dir> --add model
One model key less           nearside rotate-root --repo <dir> --remove-key <id>
Two of three must sign       nearside keygen --role root --count 2
                             nearside rotate-root --repo <dir> --add root --threshold root=2`;

export function addRotateRoot(program: Command, terminal: Terminal): void {
  const command = program
    .command('rotate-root')
    .description('Change which keys devices trust, or how many of them must sign.')
    .requiredOption('--repo <dir>', 'directory of the repository');
  addKeyOptions(command)
    .option('--new-keys <dir>', 'directory of the new keys; default: the unused ones in --keys')
    .addOption(
      new Option('--replace <role...>', 'replace the keys of these roles by the new ones').choices(
        KEY_ROLES,
      ),
    )
    .addOption(new Option('--add <role...>', 'add the new keys to these roles').choices(KEY_ROLES))
    .option('--remove-key <id...>', 'remove these keys from all roles; 8 digits are enough')
    .option('--threshold <role=number...>', 'how many keys of a role must sign', parseThreshold)
    .option('--drop-versions', 'go on even if devices then refuse versions of a removed model key')
    .option('--propose <file>', 'write the next root to a file, for `sign-root` elsewhere')
    .option('--apply <file>', 'publish such a file, once it has enough signatures')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: RotateRootFlags) => {
      requireOneJob(command, flags);
      const { repo, newKeys, replace, add, removeKey, threshold, dropVersions, json } = flags;
      const options = {
        ...(await keySource(flags, terminal)),
        repository: repo,
        newKeys,
        replace,
        add,
        dropVersions,
        removeKeys: removeKey,
        thresholds: threshold,
      };
      if (flags.propose !== undefined) {
        const result = await proposeRoot({ ...options, file: flags.propose });
        printResult(terminal, { json, result, text: () => describeProposal(result) });
        return;
      }
      const result = await rotateRoot({ ...options, proposal: flags.apply });
      printResult(terminal, { json, result, text: () => describe(result, repo) });
    });
}

/** A proposal without a change renews the root. A file that is applied already contains its change. */
function requireOneJob(command: Command, flags: RotateRootFlags): void {
  const { replace, add, removeKey, threshold, propose, apply } = flags;
  const changes = [replace, add, removeKey, threshold].some((change) => change !== undefined);
  if (apply !== undefined && (changes || propose !== undefined)) {
    command.error('Expected --apply alone, got a change beside it.');
  }
  if (!changes && propose === undefined && apply === undefined) {
    command.error('Expected --replace, --add, --remove-key, --threshold or --apply, got none.');
  }
}

function parseThreshold(text: string, before: Thresholds = {}): Thresholds {
  const [, name, number] = /^([a-z]+)=([1-9]\d?)$/.exec(text) ?? [];
  const role = TUF_ROLES.find((known) => known === name);
  if (role) return { ...before, [role]: Number(number) };
  throw new InvalidArgumentError(`Expected for instance root=2, of ${TUF_ROLES.join(', ')}.`);
}

function describe(rotation: RootRotation, repository: string): string {
  const { changed, metadata, files, added, removed, droppedVersions } = rotation;
  if (!changed) {
    return (
      `Root version ${metadata.root} of ${repository} says this already. Nothing was written.\n` +
      'Keys that an earlier root named never come back; `nearside keygen --role` makes new ones.'
    );
  }
  return [
    `Wrote root version ${metadata.root} of ${repository}`,
    ...added.map((id) => `  added     ${id}`),
    ...removed.map((id) => `  removed   ${id}`),
    `  metadata  ${formatVersions(metadata)}`,
    ...droppedVersions.map(
      (version) => `  LOST      ${version}: publish it anew, as a new version`,
    ),
    '',
    'Upload in this order, each file before the next, or devices wait for the rest:',
    ...[...files, 'boot/'].map((path, i) => `  ${i + 1}. ${path}`),
    'The pin stays the same.',
  ].join('\n');
}
