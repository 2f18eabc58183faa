import type { Command } from 'commander';
import { type InspectedRole, type InspectedVersion, type Inspection, inspect } from '../inspect.js';
import { formatBytes, formatCount, formatTable } from './format.js';
import { type CommonOptions, printResult, type Terminal } from './terminal.js';

export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .description('Show what a repository offers: metadata, models, versions, files, chunks.')
    .argument('<repository>', 'directory or URL')
    .action(async (repository: string, { json }: CommonOptions) => {
      const result = await inspect({ repository });
      printResult(terminal, { json, result, text: () => describe(result, repository) });
    });
}

function describe(inspection: Inspection, repository: string): string {
  const { pin, roles, modelKeys, models, chunks, storedBytes } = inspection;
  return [
    repository,
    `├─ pin ${pin}`,
    ...formatTable(roles.map(describeRole)).map((line) => `├─ ${line}`),
    ...modelKeys.map((hint) => `├─ model key ${hint}`),
    ...models.flatMap(({ name, versions }) => [
      `├─ ${name}`,
      ...versions.flatMap((version, i) => describeVersion(version, i === versions.length - 1)),
    ]),
    `└─ ${formatCount(chunks, 'chunk')}, ${formatBytes(storedBytes)}`,
  ].join('\n');
}

function describeRole({ role, version, expires, expired, threshold, keyIds }: InspectedRole) {
  return [
    role,
    version === undefined ? 'not published yet' : `version ${version}`,
    expires === undefined ? '' : `${expired ? 'EXPIRED' : 'expires'} ${expires}`,
    `${threshold} of ${formatCount(keyIds.length, 'key')}: ${keyIds.map(shorten).join(', ')}`,
  ];
}

function describeVersion(version: InspectedVersion, isLast: boolean): string[] {
  const { files, problem, keyHint, chunks, sharedChunks } = version;
  const title = `${version.version}, sequence ${version.sequence}, ${version.state}`;
  const summary = problem
    ? `NOT USABLE, ${problem.code}: ${problem.message}`
    : `${formatBytes(version.sizeBytes)} in ${describeChunks(chunks, sharedChunks)}, ` +
      `signed by ${shorten(keyHint ?? '')}`;
  const branch = isLast ? '│  └─ ' : '│  ├─ ';
  const stem = isLast ? '│     ' : '│  │  ';
  const table = formatTable(
    files.map((file) => [
      file.name,
      formatBytes(file.sizeBytes),
      file.storedBytes < file.sizeBytes ? `${formatBytes(file.storedBytes)} compressed` : '',
      describeChunks(file.chunks, file.sharedChunks),
    ]),
  );
  return [
    `${branch}${title}: ${summary}`,
    ...table.map((line, i) => `${stem}${i === table.length - 1 ? '└─' : '├─'} ${line}`),
  ];
}

function describeChunks(chunks: number, shared: number): string {
  const counted = formatCount(chunks, 'chunk');
  return shared === 0 ? counted : `${counted}, ${shared === chunks ? '' : `${shared} `}shared`;
}

/** Enough of a hash to tell keys apart by eye. */
function shorten(hash: string): string {
  return hash.slice(0, 12);
}
