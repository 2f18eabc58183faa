import { parseModelAddress } from '@nearside/artifact';
import { shareOnce } from '@nearside/core';
import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { askCanary } from '../fleet/ask-fleet.js';
import { type VerdictPlan, verdictPlan } from '../fleet/verdict-plan.js';
import { findPassphrase, type KeySource } from '../keys/key-source.js';
import {
  forgetNewKeys,
  type GeneratedKeys,
  makeNewKeys,
  missingNewKeys,
} from '../library/generate-keys.js';
import { packUnlessPacked } from '../library/pack-temporarily.js';
import { planUpload, type UploadPlan } from '../library/plan.js';
import { type PreparedModel, prepareModel } from '../library/prepare-model.js';
import { type Publication, publish, requireModulePlace } from '../library/publish.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { percentOf } from '../signing/offer-release.js';
import { choosePassphrase } from '../terminal/choose-passphrase.js';
import {
  addDraftOptions,
  type DraftFlags,
  describeDraft,
  draftOptions,
  goldenOptions,
} from '../terminal/draft-options.js';
import {
  addFleetOptions,
  collectorAt,
  describeVerdictPlan,
  type FleetFlags,
} from '../terminal/fleet-options.js';
import {
  describeFirstVisits,
  formatBytes,
  formatCount,
  formatTable,
  formatVersions,
  NEXT,
} from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { sequenceOption } from '../terminal/sequence-option.js';
import { printProgress, printResult, type Terminal } from '../terminal/terminal.js';
import { parsePercent } from './promote.js';

interface PublishFlags extends KeyFlags, DraftFlags, FleetFlags {
  readonly newKeys?: true;
  readonly sequence?: number;
  readonly canary?: number;
  readonly shadow?: number;
  readonly baseUrl?: string;
  readonly module?: string;
  readonly plan?: true;
}

export function addPublish(program: Command, terminal: Terminal): void {
  const command = program
    .command('publish')
    .description('Sign a model and add it to a repository, made on first use.')
    .argument('<model>', 'what `nearside pack` wrote; or what it takes, which is packed first')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .option('--new-keys', 'make the keys of a new repository, in --keys')
    .option('--canary <percent>', 'offer it to this share of devices only', parsePercent)
    .addOption(
      new Option(
        '--shadow <percent>',
        'on this share of devices run it beside the version that serves, and compare them',
      )
        .argParser(parsePercent)
        .conflicts('canary'),
    )
    .option(
      '--base-url <url>',
      'address of the repository, for the printed open() line',
      parseBaseUrl,
    )
    .option('--module <file>', 'write a .ts or .js module that exports the address and its types')
    .option(
      '--plan',
      'print the order and headers for uploading the repository too, after it is published',
    );
  addDraftOptions(command, {
    draft: 'a temporary one',
    name: 'from the name of the source',
    version: '1.0.0',
  }).addOption(sequenceOption());
  addFleetOptions(command, 'to ask how long the canary takes until a verdict');
  addKeyOptions(command).action(async (source: string, flags: PublishFlags) => {
    const { repo, json } = flags;
    const { publication, notes, generated, prepared, untilVerdict } = await publishModel(
      source,
      flags,
      terminal,
    );
    const plan = flags.plan && (await planUpload({ repository: repo }));
    printResult(terminal, {
      json,
      result: {
        ...publication,
        notes,
        ...(plan && { plan }),
        ...(untilVerdict && { untilVerdict }),
        ...(generated && { keys: generated }),
      },
      text: () => describe(publication, repo, { plan, notes, generated, prepared }),
    });
  });
}

async function publishModel(source: string, flags: PublishFlags, terminal: Terminal) {
  const {
    repo,
    keys,
    newKeys,
    draft: draftDirectory,
    sequence,
    canary,
    shadow,
    baseUrl,
    module,
  } = flags;
  if (flags.fleet !== undefined && canary === undefined) throw noCanary();
  await requireModulePlace({ module, baseUrl, repository: repo });
  if (newKeys) await missingNewKeys({ keys, repository: repo });
  await using prepared = await prepareModel({
    source,
    draftDirectory,
    sequence,
    ...draftOptions(flags),
    ...goldenOptions(flags),
  });
  const untilVerdict = await planCanary(prepared.directory, flags, terminal);
  await using packed = await packUnlessPacked(prepared.directory);
  const { generated, source: held } = await keysOf({ keys, repo, newKeys }, terminal);
  const publication = await publish({
    packed: packed.directory,
    repository: repo,
    canaryPercent: canary,
    shadowPercent: shadow,
    baseUrl,
    module,
    onProgress: printProgress(terminal, 'written'),
    ...held,
  });
  if (newKeys) await forgetNewKeys({ keys, repository: repo });
  return { publication, notes: packed.notes, generated, prepared, untilVerdict };
}

/** Says how long the canary takes until a verdict, before anything is signed. */
async function planCanary(
  modelDirectory: string,
  { canary, fleet, json, ...flags }: PublishFlags,
  { out }: Terminal,
): Promise<VerdictPlan | undefined> {
  if (fleet === undefined || canary === undefined) return undefined;
  const { spec } = await readModelDirectory(modelDirectory);
  const plan = verdictPlan(await askCanary(await collectorAt(fleet, flags), spec.name), canary);
  if (!json) out(describeVerdictPlan(plan, canary));
  return plan;
}

function noCanary(): CommanderError {
  const message = "error: expected '--canary <percent>' beside '--fleet', got none";
  return new CommanderError(1, 'commander.missingMandatoryOptionValue', message);
}

/** Keys that are there, or of a new repository. A passphrase is asked for once. */
async function keysOf(
  { keys, repo, newKeys }: Pick<PublishFlags, 'keys' | 'repo' | 'newKeys'>,
  terminal: Terminal,
): Promise<{ source: KeySource; generated?: GeneratedKeys | undefined }> {
  const sourceOnce = shareOnce(() => keySource({ keys, repo }, terminal));
  if (!newKeys) return { source: await sourceOnce() };
  let chosen: string | undefined;
  const generated = await makeNewKeys(
    { keys, repository: repo },
    {
      held: async () => findPassphrase((await sourceOnce()).passphrase),
      async choose() {
        chosen = (await choosePassphrase(terminal, 'empty: none')) || undefined;
        return chosen;
      },
    },
  );
  const source = chosen === undefined ? await sourceOnce() : { keys, passphrase: chosen };
  return { source, generated };
}

function describeNew({ directory, keys, encrypted }: GeneratedKeys): string {
  const state = encrypted ? 'encrypted' : 'NOT encrypted: whoever reads them can sign';
  return (
    `Wrote ${formatCount(keys.length, 'private key')} to ${directory}, ${state}. Keep them out of ` +
    'version control and off the web server.'
  );
}

function parseBaseUrl(text: string): string {
  try {
    parseModelAddress(`${text.replace(/\/+$/, '')}/model`);
    return text;
  } catch {
    throw new InvalidArgumentError('Expected an https: URL, or http: on localhost.');
  }
}

interface Described {
  readonly plan: UploadPlan | undefined;
  readonly notes: readonly string[];
  readonly generated: GeneratedKeys | undefined;
  readonly prepared: PreparedModel;
}

function describe(
  publication: Publication,
  repository: string,
  { plan, notes, generated, prepared }: Described,
): string {
  return [
    ...(generated ? [describeNew(generated), ''] : []),
    ...describePublication(publication, repository),
    ...notes,
    ...describeDraft(prepared),
    ...(plan ? ['', ...describePlan(plan, repository)] : []),
    '',
    describeFirstVisits(publication),
    '',
    publication.open,
  ].join('\n');
}

function describePublication(publication: Publication, repository: string): string[] {
  const { model, version, sequence, changed, newRepository, note, metadata } = publication;
  const { chunks, chunksWritten, filesWritten, bytesWritten } = publication;
  const title = `${model} ${version} (sequence ${sequence}, ${describeState(publication)})`;
  if (!changed) {
    const unchanged =
      filesWritten === 0
        ? 'Nothing was written.'
        : `Restored ${formatCount(filesWritten, 'missing file')}, ${formatBytes(bytesWritten)}.`;
    const done = `${title} is published in ${repository} with exactly these files. ${unchanged}`;
    return [done, ...(note === undefined ? [] : [note])];
  }
  return [
    `Published ${title} in ${repository}${newRepository ? ', a new repository with a pin of its own' : ''}`,
    `  chunks    ${chunksWritten} written, ${chunks - chunksWritten} there already`,
    `  files     ${filesWritten} written, ${formatBytes(bytesWritten)}`,
    `  metadata  ${formatVersions(metadata)}`,
    ...(note === undefined ? [] : [note]),
    ...describeNext(publication, repository),
  ];
}

function describeNext({ model, version, state }: Publication, repository: string): string[] {
  if (state === 'stable') return [];
  if (state === 'canary') return [NEXT];
  return [
    NEXT,
    "Then the collector's page says how often it agrees with the version that serves. To let it serve: " +
      `nearside promote ${model} ${version} --repo ${repository} --to 5`,
  ];
}

function describeState(publication: Publication): string {
  const { state, rollout } = publication;
  return rollout ? `${state} for ${percentOf(publication)} % of devices` : state;
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
