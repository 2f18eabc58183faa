import type { Command } from 'commander';
import { diff, type FileDiff, type VersionDiff } from '../library/diff.js';
import { describeSchemaChange } from '../repository/checking/compare-schemas.js';
import type { UpdateWeight } from '../repository/deltas/weigh-update.js';
import { formatBytes, formatCount, formatPercent, formatTable } from '../terminal/format.js';
import {
  type CommonOptions,
  printProgress,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

/** At most this many names are printed, and values up to this length. */
const MAX_NAMES = 6;
const MAX_VALUE = 60;

export function addDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .description('Compare two versions: files, tensors, schema, and what an update costs.')
    .argument('<older>', 'a packed directory, or <repository dir or url>#<model>@<version>')
    .argument('<newer>', 'the same; without @<version> the newest that is not revoked')
    .action(async (from: string, to: string, { json }: CommonOptions) => {
      const onProgress = printProgress(terminal, 'compared');
      const result = await diff({ from, to, onProgress });
      printResult(terminal, { json, result, text: () => describe(result) });
    });
}

function describe(result: VersionDiff): string {
  const { from, to, files, chunks, sharedChunks, sharedBytes, storedBytes, deltas } = result;
  const changed = files.filter(({ change }) => change !== 'same');
  const same = files.length - changed.length;
  return [
    `${from.model} ${from.version} (sequence ${from.sequence}) → ` +
      `${to.model} ${to.version} (sequence ${to.sequence})`,
    '',
    ...formatTable(changed.map(describeFile)),
    `  ${formatCount(same, 'file')} the same`,
    '',
    `Chunks  ${sharedChunks} of ${chunks} shared, ` +
      `${formatBytes(sharedBytes)} of ${formatBytes(storedBytes)}`,
    `Fetch   ${formatCount(deltas, 'delta')} would pay`,
    ...formatTable([
      ['  variant', 'full', 'update', '', 'with deltas', ''],
      ...result.variants.map((variant) => [`  ${variant.name}`, ...describeWeight(variant)]),
      ['  all', ...describeWeight(result.total)],
    ]),
    '',
    ...describeSpec(result),
  ].join('\n');
}

const MARKS = { changed: '~', added: '+', removed: '-', same: ' ' } as const;

function describeFile({ name, change, sizeBytes, chunks, sharedChunks, tensors }: FileDiff) {
  const more = tensors.length > MAX_NAMES ? ` and ${tensors.length - MAX_NAMES} more` : '';
  return [
    `  ${MARKS[change]} ${name}`,
    formatBytes(sizeBytes),
    change === 'changed'
      ? `${chunks - sharedChunks} of ${formatCount(chunks, 'chunk')} new`
      : change,
    tensors.slice(0, MAX_NAMES).join(', ') + more,
  ];
}

function describeWeight({ fullBytes, updateBytes, deltaBytes }: UpdateWeight): string[] {
  const share = (bytes: number) => (fullBytes === 0 ? '' : formatPercent(bytes / fullBytes));
  return [
    formatBytes(fullBytes),
    formatBytes(updateBytes),
    share(updateBytes),
    formatBytes(deltaBytes),
    share(deltaBytes),
  ];
}

function describeSpec({ schema, breaking, spec }: VersionDiff): string[] {
  const shorten = (value: unknown) => {
    const text = JSON.stringify(value) ?? 'none';
    return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  };
  if (schema.length === 0 && spec.length === 0) return ['Spec    the same'];
  return [
    `Spec    ${breaking ? 'BREAKING: needs a new major version' : 'fits every caller of the older one'}`,
    ...schema.map((change) => `  ${change.breaking ? '!' : '~'} ${describeSchemaChange(change)}`),
    ...spec.map(({ field, from, to }) => `  ~ ${field}: ${shorten(from)} → ${shorten(to)}`),
  ];
}
