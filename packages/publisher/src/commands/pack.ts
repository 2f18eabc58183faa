import type { Command } from 'commander';
import { type PackedModel, pack } from '../pack.js';
import { formatBytes, formatCount, formatTable } from './format.js';
import { type CommonOptions, printResult, type Terminal } from './terminal.js';

export function addPack(program: Command, terminal: Terminal): void {
  program
    .command('pack')
    .description('Check a model directory and lay out its files in chunks.')
    .argument('<model-dir>', 'directory with model.json, golden.json, baseline.json and MODEL.md')
    .requiredOption('--out <dir>', 'directory to write to: new, empty, or an earlier pack')
    .action(async (modelDirectory: string, { out, json }: CommonOptions & { out: string }) => {
      const result = await pack({ modelDirectory, out });
      printResult(terminal, { json, result, text: () => describe(result) });
    });
}

function describe({ directory, files, sizeBytes, storedBytes, ...packed }: PackedModel): string {
  return [
    `Packed ${packed.model} ${packed.version} (sequence ${packed.sequence}) into ${directory}:`,
    ...formatTable(
      files.map((file) => [
        `  ${file.name}`,
        formatBytes(file.sizeBytes),
        formatCount(file.chunks, 'chunk'),
        file.storedBytes < file.sizeBytes ? `${formatBytes(file.storedBytes)} compressed` : '',
      ]),
    ),
    '',
    `${formatCount(files.length, 'file')}, ${formatBytes(sizeBytes)}; ` +
      `${formatBytes(storedBytes)} on the server. Variants: ${packed.variants.join(', ')}.`,
  ].join('\n');
}
