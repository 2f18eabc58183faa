import type { Command } from 'commander';
import { facts, type WrittenFacts } from '../library/facts.js';
import { formatCount } from '../terminal/format.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

interface FactsFlags extends CommonOptions {
  readonly trust?: string;
  readonly integrity?: readonly string[];
  readonly out: string;
}

export function addFacts(program: Command, terminal: Terminal): void {
  program
    .command('facts')
    .description('Write facts about published models, for the collector.')
    .argument('<location>', 'directory or URL of a repository or a sealed model')
    .option('--trust <pin>', 'pin of a repository, as in the `trust` option of open()')
    .option(
      '--integrity <hash...>',
      'hashes of a sealed model, as in the `integrity` option of open(), the newest first',
    )
    .requiredOption('--out <file>', 'file to write, such as models.json')
    .action(async (repository: string, { trust, integrity, out, json }: FactsFlags) => {
      const result = await facts({
        repository,
        trust,
        integrity,
        out,
        onProgress: ({ model, version }) => terminal.progress?.(`${model} ${version} read`),
      });
      printResult(terminal, { json, result, text: () => describe(result) });
    });
}

function describe({ file, changed, models }: WrittenFacts): string {
  const lines = models.map(({ model, versions, baselines }) => {
    const missing = versions - baselines;
    const without = missing === 0 ? '' : `, ${missing} without a baseline`;
    return `  ${model}: ${formatCount(versions, 'version')}${without}`;
  });
  const ending = models.length === 0 ? '' : ':';
  return [
    changed
      ? `Wrote ${file}, ${formatCount(models.length, 'model')}${ending}`
      : `${file} says this already, ${formatCount(models.length, 'model')}; nothing was written${ending}`,
    ...lines,
  ].join('\n');
}
