import { type Command, InvalidArgumentError, Option } from 'commander';
import { PublisherError } from '../errors/publisher-error.js';
import { KEY_ROLES, type KeyRole } from '../keys/key-files.js';
import { type GeneratedKeys, generateKeys } from '../library/generate-keys.js';
import { choosePassphrase } from '../terminal/choose-passphrase.js';
import { formatCount, formatTable } from '../terminal/format.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

interface KeygenFlags extends CommonOptions {
  readonly out: string;
  readonly role?: KeyRole;
  readonly count?: number;
  readonly threshold?: number;
  readonly encrypt?: boolean;
}

export function addKeygen(program: Command, terminal: Terminal): void {
  program
    .command('keygen')
    .description('Make signing keys: the full set of a new repository, or more of one role.')
    .option('--out <dir>', 'directory to write the keys to', 'keys')
    .addOption(new Option('--role <role>', 'make keys of this role only').choices(KEY_ROLES))
    .option('--count <number>', 'number of keys of the role (default: 1)', parseCount)
    .option(
      '--threshold <number>',
      'how many keys of the role must sign; the first publish fixes it',
      parseCount,
    )
    .option('--encrypt', 'fail rather than write keys without encryption')
    .option('--no-encrypt', 'write the keys without encryption')
    .action(async ({ json, encrypt, ...options }: KeygenFlags) => {
      const passphrase =
        encrypt === false ? undefined : await choosePassphrase(terminal, '--no-encrypt: none');
      if (passphrase === '') throw new RangeError('keygen: expected a passphrase, got none.');
      if (encrypt && passphrase === undefined) throw noPassphrase();
      const result = await generateKeys({ ...options, passphrase });
      printResult(terminal, { json, result, text: () => describe(result, options) });
    });
}

function noPassphrase(): PublisherError {
  return new PublisherError(
    'key-locked',
    'keygen: expected a passphrase for the new keys, got none. Set NEARSIDE_PASSPHRASE, or ' +
      'NEARSIDE_PASSPHRASE_FILE to a file that holds it, or run keygen in a terminal.',
  );
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999.');
}

function describe(
  { directory, keys, encrypted, exposed }: GeneratedKeys,
  { role, threshold }: { role?: KeyRole; threshold?: number },
): string {
  const publicFiles = keys.flatMap(({ role, publicFile }) => (role === 'model' ? publicFile : []));
  return [
    `Wrote ${formatCount(keys.length, 'private key')} to ${directory}:`,
    ...formatTable(keys.map((key) => [`  ${key.role}`, key.file, key.id])),
    '',
    ...publicFiles.map((file) => `The public half of a model key, for other tools: ${file}`),
    ...(role ? describeUse(role, threshold) : []),
    '',
    encrypted
      ? 'They are encrypted. Nobody can recover the passphrase.'
      : 'These files are NOT encrypted: whoever reads them can sign. A passphrase in\n' +
        'NEARSIDE_PASSPHRASE encrypts them.',
    'Keep them out of version control and off the web server, and root keys offline: they are',
    'needed for the first publish and for rotate-root only.',
    ...(exposed.length === 0
      ? []
      : [
          '',
          `WARNING: others may read ${exposed.join(', ')}. Forbid it: chmod -R go= ${directory}`,
        ]),
  ].join('\n');
}

function describeUse(role: KeyRole, threshold: number | undefined): string[] {
  const needed = threshold === undefined ? '' : `, ${threshold} of which must sign`;
  const change = role === 'model' ? '--add model' : `--replace ${role} (or --add ${role})`;
  return [
    `The first publish names every '${role}' key at hand${needed}. In a repository that exists,`,
    `nothing accepts the new ones until: nearside rotate-root --repo <dir> ${change}`,
  ];
}
