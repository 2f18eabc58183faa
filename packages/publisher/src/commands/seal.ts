import type { Command } from 'commander';
import { type SealedModel, seal } from '../library/seal.js';
import { formatBytes, formatCount } from '../terminal/format.js';
import {
  type CommonOptions,
  printProgress,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface SealFlags extends CommonOptions {
  readonly out: string;
  readonly url?: string;
  readonly prune?: true;
}

const HELP = `
The page that names the seal's hash vouches for the model: there are no keys, and nothing expires.
Upload the whole folder. Sealing again adds a version, and pages with an older hash keep theirs.

  nearside seal models/digits --out public/models/digits`;

export function addSeal(program: Command, terminal: Terminal): void {
  program
    .command('seal')
    .description('Write a model as static files that a page opens by one hash, without keys.')
    .argument('<model>', 'model directory')
    .requiredOption('--out <dir>', 'folder of the model: new, empty, or with earlier seals of it')
    .option('--url <url>', 'address of the folder on the web (default: --out below public/)')
    .option('--prune', 'remove all versions but this one')
    .addHelpText('after', HELP)
    .action(async (source: string, { out, url, prune, json }: SealFlags) => {
      const onProgress = printProgress(terminal, 'written');
      const sealed = await seal({ modelDirectory: source, out, url, prune, onProgress });
      printResult(terminal, { json, result: sealed, text: () => describe(sealed) });
    });
}

function describe(sealed: SealedModel): string {
  const { model, version, directory, changed, filesWritten, bytesWritten, filesRemoved } = sealed;
  const { chunks, chunksWritten, open } = sealed;
  return [
    `${changed ? 'Sealed' : 'Already sealed:'} ${model} ${version} in ${directory}`,
    `  chunks    ${chunksWritten} written, ${chunks - chunksWritten} there already`,
    `  files     ${filesWritten} written, ${formatBytes(bytesWritten)}`,
    ...(filesRemoved > 0 ? [`  pruned    ${formatCount(filesRemoved, 'file')}`] : []),
    '',
    open,
  ].join('\n');
}
