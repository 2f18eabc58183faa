import { type Command, InvalidArgumentError } from 'commander';
import { type Pruning, prune } from '../library/prune.js';
import { formatBytes, formatCount, formatTable } from '../terminal/format.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

interface PruneFlags extends CommonOptions {
  readonly repo: string;
  readonly olderThan?: number;
  readonly keep?: number;
  readonly dryRun?: true;
}

export function addPrune(program: Command, terminal: Terminal): void {
  program
    .command('prune')
    .description('Remove files that no offered version needs any more. Roots always stay.')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .option('--older-than <time>', 'keep files that are younger: 7d, 12h, 0', parseTime)
    .option(
      '--keep <n>',
      'keep this many newest versions of each model, even revoked ones',
      parseCount,
    )
    .option('--dry-run', 'list what would be removed, and remove nothing')
    .action(async ({ repo, olderThan, keep, dryRun, json }: PruneFlags) => {
      const options = { olderThanMs: olderThan, keepNewest: keep, dryRun };
      const result = await prune({ repository: repo, ...options });
      printResult(terminal, { json, result, text: () => describe(result, repo) });
    });
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/** `5m` → 300,000 ms. */
export function parseTime(text: string): number {
  const { count, unit } = /^(?<count>\d+)(?<unit>[dhm])?$/.exec(text)?.groups ?? {};
  if (count !== undefined && (unit !== undefined || count === '0')) {
    return Number(count) * UNITS_MS[(unit ?? 'd') as keyof typeof UNITS_MS];
  }
  throw new InvalidArgumentError('Expected a time such as 7d, 12h or 30m, or 0.');
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number of versions, 0 or more.');
}

function describe({ dryRun, removed, removedBytes, young, kept }: Pruning, repo: string): string {
  const verb = dryRun ? 'Would remove' : 'Removed';
  const waiting = young === 0 ? '' : ` ${formatCount(young, 'file')} would go, but too young yet.`;
  return [
    ...formatTable(removed.map(({ path, sizeBytes }) => [`  ${path}`, formatBytes(sizeBytes)])),
    `${verb} ${formatCount(removed.length, 'file')}, ${formatBytes(removedBytes)}, from ${repo}; ` +
      `${formatCount(kept, 'file')} kept.${waiting}`,
  ].join('\n');
}
