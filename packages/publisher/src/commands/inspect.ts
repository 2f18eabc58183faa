import type { Command } from 'commander';
import {
  type InspectedModel,
  type InspectedRole,
  type Inspection,
  inspect,
} from '../library/inspect.js';
import { inspectSealed, isSealed, type SealedInspection } from '../library/inspect-sealed.js';
import type { InspectedVersion } from '../library/inspect-version.js';
import { percentOf } from '../signing/offer-release.js';
import { formatBytes, formatCount, formatTable } from '../terminal/format.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .description('Show what a repository or a sealed model offers: versions, files, chunks.')
    .argument('<location>', 'directory or URL')
    .option('--integrity <hash>', 'show this version of a sealed model alone')
    .option('--files', 'list the files of each version too')
    .action(async (location: string, { integrity, files = false, json }: InspectFlags) => {
      if (integrity !== undefined || (await isSealed(location))) {
        const result = await inspectSealed({ location, integrity });
        printResult(terminal, {
          json,
          result,
          text: () => describeSealed(result, { location, files }),
        });
        return;
      }
      const result = await inspect({ repository: location });
      printResult(terminal, { json, result, text: () => describe(result, { location, files }) });
    });
}

interface InspectFlags extends CommonOptions {
  readonly integrity?: string;
  readonly files?: boolean;
}

interface Shown {
  readonly location: string;
  /** Files are listed. */
  readonly files: boolean;
}

function describeSealed(
  { model, versions, chunks, storedBytes }: SealedInspection,
  { location, files }: Shown,
): string {
  return [
    location,
    `├─ ${model}, sealed`,
    ...versions.flatMap((version, i) => {
      const title = `${version.version} ${version.integrity}`.trim();
      return describeVersion(version, { isLast: i === versions.length - 1, files, title });
    }),
    `└─ ${formatCount(chunks, 'chunk')}, ${formatBytes(storedBytes)}`,
  ].join('\n');
}

function describe(inspection: Inspection, { location, files }: Shown): string {
  const { pin, roles, modelKeys, models, unreadable, chunks, storedBytes } = inspection;
  return [
    location,
    `├─ pin ${pin}`,
    ...formatTable(roles.map(describeRole)).map((line) => `├─ ${line}`),
    ...modelKeys.map((hint) => `├─ model key ${hint}`),
    ...models.flatMap(({ name, boot, versions }) => [
      `├─ ${name}, ${describeBoot(boot)}`,
      ...versions.flatMap((version, i) =>
        describeVersion(version, { isLast: i === versions.length - 1, files }),
      ),
    ]),
    ...unreadable.map(
      ({ target, code, message }) => `├─ ${target}: NOT USABLE, ${code}: ${message}`,
    ),
    `└─ ${formatCount(chunks, 'chunk')}, ${formatBytes(storedBytes)}`,
  ].join('\n');
}

function describeRole(role: InspectedRole): string[] {
  const { version, expires, threshold, keyIds, signedBy } = role;
  const keys = keyIds.map((id) => `${signedBy.includes(id) ? '✓' : '·'}${shorten(id)}`);
  const signatures = `${signedBy.length} of ${formatCount(keyIds.length, 'key')} signed`;
  return [
    role.role,
    version === undefined ? 'not published yet' : `version ${version}`,
    expires === undefined ? '' : describeExpiry(role),
    version === undefined ? '' : `${signatures}, ${threshold} needed: ${keys.join(' ')}`,
  ];
}

function describeExpiry({ expires, expired, daysLeft = 0 }: InspectedRole): string {
  if (expired) return `EXPIRED ${expires}`;
  return `expires ${expires}, ${daysLeft.toFixed(1)} days left`;
}

const BOOT_STATES = {
  fresh: 'boot file fresh',
  stale: 'boot file STALE',
  missing: 'boot file MISSING',
  none: 'no boot file: no version is whole and for every device',
} as const;

function describeBoot({ state, sizeBytes }: InspectedModel['boot']): string {
  return BOOT_STATES[state] + (sizeBytes > 0 ? `, ${formatBytes(sizeBytes)}` : '');
}

function describeVersion(
  version: InspectedVersion,
  {
    isLast,
    files,
    title = describeTitle(version),
  }: { readonly isLast: boolean; readonly files: boolean; readonly title?: string },
): string[] {
  const branch = isLast ? '│  └─ ' : '│  ├─ ';
  const stem = isLast ? '│     ' : '│  │  ';
  const table = formatTable(
    (files ? version.files : []).map((file) => [
      file.name,
      formatBytes(file.sizeBytes),
      file.storedBytes < file.sizeBytes ? `${formatBytes(file.storedBytes)} compressed` : '',
      describeChunks(file.chunks, file.sharedChunks),
    ]),
  );
  return [
    `${branch}${title}: ${describeSize(version)}`,
    ...[...describeUpdate(version), ...table].map(
      (line, i, all) => `${stem}${i === all.length - 1 ? '└─' : '├─'} ${line}`,
    ),
  ];
}

function describeTitle(inspected: InspectedVersion): string {
  const { version, sequence, state, isOver, fallbackSequence } = inspected;
  const isShare = state === 'canary' || state === 'shadow';
  const share = isShare ? ` for ${percentOf(inspected)} %${isOver ? ', over' : ''}` : '';
  const back = fallbackSequence === undefined ? '' : ` → sequence ${fallbackSequence}`;
  return `${version}, sequence ${sequence}, ${state}${share}${back}`;
}

function describeSize(version: InspectedVersion): string {
  const { state, problem, keyHint, chunks, sharedChunks } = version;
  if (problem?.code === 'file-missing' && state === 'revoked') return 'pruned';
  if (problem) return `NOT USABLE, ${problem.code}: ${problem.message}`;
  const signed = keyHint === undefined ? '' : `, signed by ${shorten(keyHint)}`;
  return `${formatBytes(version.sizeBytes)} in ${describeChunks(chunks, sharedChunks)}${signed}`;
}

function describeUpdate({ previous, storedBytes, deltasFrom }: InspectedVersion): string[] {
  return [
    ...(previous
      ? [
          `shares ${formatBytes(previous.sharedBytes)} of ${formatBytes(storedBytes)} with ` +
            previous.version,
        ]
      : []),
    ...(deltasFrom.length > 0 ? [`deltas from ${deltasFrom.join(', ')}`] : []),
  ];
}

function describeChunks(chunks: number, shared: number): string {
  const counted = formatCount(chunks, 'chunk');
  return shared === 0 ? counted : `${counted}, ${shared === chunks ? '' : `${shared} `}shared`;
}

/** The first digits of a hash are enough to tell keys apart by eye. */
function shorten(hash: string): string {
  return hash.slice(0, 12);
}
