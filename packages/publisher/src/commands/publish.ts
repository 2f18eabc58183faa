import { type Command, InvalidArgumentError } from 'commander';
import { modelUrl } from '../library/offered-models.js';
import { planUpload, type UploadPlan } from '../library/plan.js';
import { type Publication, publish } from '../library/publish.js';
import {
  describeFirstVisits,
  formatBytes,
  formatCount,
  formatPercent,
  formatTable,
  formatVersions,
} from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printProgress, printResult, type Terminal } from '../terminal/terminal.js';
import { parsePercent } from './promote.js';

interface PublishFlags extends KeyFlags {
  readonly canary?: number;
  readonly baseUrl?: string;
  readonly plan?: true;
}

export function addPublish(program: Command, terminal: Terminal): void {
  const command = program
    .command('publish')
    .description('Sign a packed model and add it to a repository, made on first use.')
    .argument('<packed-dir>', 'directory that `nearside pack` wrote')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .option('--canary <percent>', 'offer it to this share of devices only', parsePercent)
    .option(
      '--base-url <url>',
      'address of the repository, for the printed open() line',
      parseBaseUrl,
    )
    .option('--plan', 'print the order and headers for uploading the repository');
  addKeyOptions(command).action(async (packed: string, flags: PublishFlags) => {
    const { repo, canary, baseUrl, json } = flags;
    const keys = await keySource(flags, terminal);
    const publication = await publish({
      packed,
      repository: repo,
      canaryPercent: canary,
      baseUrl,
      onProgress: printProgress(terminal, 'written'),
      ...keys,
    });
    const plan = flags.plan && (await planUpload({ repository: repo }));
    printResult(terminal, {
      json,
      result: { ...publication, ...(plan && { plan }) },
      text: () => describe(publication, repo, plan),
    });
  });
}

function parseBaseUrl(text: string): string {
  try {
    modelUrl('model', text);
    return text;
  } catch {
    throw new InvalidArgumentError('Expected an https: URL, or http: on localhost.');
  }
}

function describe(
  publication: Publication,
  repository: string,
  plan: UploadPlan | undefined,
): string {
  return [
    ...describePublication(publication, repository),
    ...(plan ? ['', ...describePlan(plan, repository)] : []),
    '',
    describeFirstVisits(publication),
    '',
    publication.open,
  ].join('\n');
}

function describePublication(publication: Publication, repository: string): string[] {
  const { model, version, sequence, changed, note, metadata } = publication;
  const { chunks, chunksWritten, filesWritten, bytesWritten } = publication;
  const title = `${model} ${version} (sequence ${sequence}, ${describeState(publication)})`;
  if (!changed) {
    const unchanged =
      filesWritten === 0
        ? 'Nothing was written.'
        : `Restored ${formatCount(filesWritten, 'missing file')}, ${formatBytes(bytesWritten)}.`;
    const done = `${title} is published in ${repository} with exactly these files. ${unchanged}`;
    return note === undefined ? [done] : [done, note];
  }
  return [
    `Published ${title} in ${repository}`,
    `  chunks    ${chunksWritten} written, ${chunks - chunksWritten} there already`,
    `  files     ${filesWritten} written, ${formatBytes(bytesWritten)}`,
    `  metadata  ${formatVersions(metadata)}`,
  ];
}

function describeState({ state, rollout }: Publication): string {
  if (state !== 'canary' || !rollout) return state;
  return `canary for ${formatPercent((rollout.toBps - rollout.fromBps) / 10_000)} of devices`;
}

function describePlan({ headers, groups }: UploadPlan, repository: string): string[] {
  return [
    `Upload ${repository} in this order, each group whole before the next:`,
    ...formatTable(
      groups.map(({ pattern, files, sizeBytes, cacheControl }, i) => [
        `  ${i + 1}. ${pattern}`,
        formatCount(files.length, 'file'),
        formatBytes(sizeBytes),
        `Cache-Control: ${cacheControl}`,
      ]),
    ),
    'On every file:',
    ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
  ];
}
