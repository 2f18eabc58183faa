import type { Command } from 'commander';
import { type GeneratedKeys, generateKeys } from '../generate-keys.js';
import { formatTable } from './format.js';
import { type CommonOptions, printResult, type Terminal } from './terminal.js';

export function addKeygen(program: Command, terminal: Terminal): void {
  program
    .command('keygen')
    .description('Make the signing keys of a new repository.')
    .option('--out <dir>', 'directory to write the keys to', 'keys')
    .action(async ({ out, json }: CommonOptions & { out: string }) => {
      const result = await generateKeys({ out });
      printResult(terminal, { json, result, text: () => describe(result) });
    });
}

function describe({ directory, keys, modelPublicKeyFile }: GeneratedKeys): string {
  return [
    `Wrote ${keys.length} private keys to ${directory}:`,
    ...formatTable(keys.map(({ role, file, id }) => [`  ${role}`, file, id])),
    '',
    `The public half of the model key, for other tools: ${modelPublicKeyFile}`,
    '',
    'These files are NOT encrypted: whoever reads them can sign. Keep them out of version',
    'control and off the web server, and root.pem offline: it is needed for the first publish only.',
  ].join('\n');
}
