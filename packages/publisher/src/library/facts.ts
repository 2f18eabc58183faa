import { readFile, stat } from 'node:fs/promises';
import { parseTrust, type Release, type RepositorySource, type Root } from '@nearside/artifact';
import {
  type Baseline,
  type ModelFacts,
  NearsideError,
  parseModelFacts,
  SPEC_FORMAT,
  sum,
  type VersionFacts,
} from '@nearside/core';
import { writeIfChanged } from '../files/replace-file.js';
import { isWithin } from '../keys/place-for-keys.js';
import {
  openRepository,
  requirePin,
  requireRepository,
} from '../repository/reading/open-repository.js';
import { type RepositoryState, readableReleases } from '../repository/reading/read-repository.js';
import {
  hasBundle,
  readBaseline,
  readSpec,
  requireVersion,
  type VerifiedVersion,
} from '../repository/reading/read-version.js';
import { readSealedVersion, requireVoucher } from '../sealing/read-sealed.js';

export interface FactsOptions {
  /** Directory or URL of a repository, or of a sealed model. */
  readonly repository: string;
  /** Pin of the repository, as devices have it; or else `integrity`. */
  readonly trust?: string | undefined;
  /** Hashes of a sealed model's versions, as pages have them, the newest first. */
  readonly integrity?: readonly string[] | undefined;
  /** The file to write. It is replaced as a whole. */
  readonly out: string;
  readonly onProgress?: ((progress: FactsProgress) => void) | undefined;
  readonly now?: () => number;
}

export interface FactsProgress {
  readonly model: string;
  readonly version: string;
}

export interface WrittenFacts {
  readonly file: string;
  /** False if the file said all of this already, and has a new `verifiedMs` alone. */
  readonly changed: boolean;
  readonly models: readonly {
    readonly model: string;
    readonly versions: number;
    /** Number of versions with a baseline. Drift and accuracy of the others have no reference. */
    readonly baselines: number;
  }[];
}

interface VersionContent {
  readonly model: string;
  readonly facts: VersionFacts;
  /** Names of the features of a record, in the order of model.json. */
  readonly features: readonly string[] | undefined;
}

/**
 * Writes the facts about published models that a collector needs: versions, rollouts, baselines. Metadata, bundles
 * and the files it reads are verified as on a device; weights are not read. If anything does not verify, nothing is
 * written.
 *
 * @throws NearsideError `file-missing`, `model-not-found`, a network code, or a trust code
 * @throws TypeError unless it is given either a pin or hashes, or when `out` lies in the repository
 */
export async function facts(options: FactsOptions): Promise<WrittenFacts> {
  const { trust, integrity, out, now = Date.now } = options;
  requireVoucher('facts', { trust, integrity });
  await requireFactsOutside(out, options.repository);
  const { contents, ...signed } = integrity
    ? { contents: await readSealedContents(options, integrity) }
    : await readContents(options, await parseTrust(trust));
  const models = new Map<string, VersionContent[]>();
  for (const content of contents) {
    models.set(content.model, [...(models.get(content.model) ?? []), content]);
  }
  const found = parseModelFacts({
    format: 1,
    ...signed,
    verifiedMs: now(),
    models: [...models].map(factsOfModel),
  });
  const text = `${JSON.stringify(found, null, 2)}\n`;
  const before = await readFacts(out);
  await writeIfChanged(out, text);
  const changed = before === undefined || withoutTime(before) !== withoutTime(text);
  return { file: out, changed, models: found.models.map(countOf) };
}

/** Returns undefined where there is no file. Writing refuses whatever else has the name. */
async function readFacts(file: string): Promise<string | undefined> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() ? readFile(file, 'utf8') : undefined;
}

/** A collector tells a job that no longer runs by the time, and it is nothing that the facts say of models. */
function withoutTime(text: string): string {
  return text.replace(/\n {2}"verifiedMs": \d+,/, '');
}

/**
 * Requires that the facts lie outside what is uploaded, where a fetch may also remove them.
 *
 * @throws TypeError
 */
export async function requireFactsOutside(out: string, repository: string): Promise<void> {
  if (URL.canParse(repository) || !(await isWithin(out, repository))) return;
  throw new TypeError(
    `facts: expected \`out\` outside ${repository}, got ${out}. A fetch of the repository removes what it does not ` +
      'know, and an upload leaves it out: name a file elsewhere, which the collector reads.',
  );
}

async function readContents(
  { repository, onProgress = () => {}, now = Date.now }: FactsOptions,
  pin: string,
): Promise<Pick<ModelFacts, 'revision' | 'pin'> & { contents: VersionContent[] }> {
  const source = openRepository(repository);
  const state = await requireRepository(source, repository, { nowMs: now() });
  requirePin(state.pin, pin);
  const contents: VersionContent[] = [];
  for (const release of requireReleases(state, repository)) {
    contents.push(await readContent(source, state.trusted.root, release));
    onProgress(release);
  }
  return { revision: state.trusted.targets?.signed.version, pin, contents };
}

async function readSealedContents(
  { repository, onProgress = () => {} }: FactsOptions,
  hashes: readonly string[],
): Promise<VersionContent[]> {
  const contents: VersionContent[] = [];
  for (const hash of hashes) {
    const { source, version } = await readSealedVersion(repository, hash);
    contents.push(await contentOf(source, version));
    onProgress(version.release);
  }
  return contents;
}

/** By model, newest first. */
function requireReleases({ trusted }: RepositoryState, repository: string): readonly Release[] {
  if (!trusted.targets) {
    throw new NearsideError(
      'file-missing',
      `${repository}: expected a repository with a version, got one where nothing is published ` +
        'yet. Run `nearside publish` first.',
      { details: { repository } },
    );
  }
  const { releases, unreadable } = readableReleases(trusted.targets.signed);
  const [first] = unreadable;
  if (first) throw new NearsideError(first.code, first.message, { details: { ...first } });
  return releases;
}

async function readContent(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<VersionContent> {
  // Devices may still report a revoked version after `prune` has removed its files.
  const isPruned = release.state === 'revoked' && !(await hasBundle(source, release));
  // The content of a later format is for a newer publisher to read.
  if (isPruned || release.requires.format > SPEC_FORMAT) return withoutFiles(release);
  return contentOf(source, await requireVersion(source, root, release));
}

function withoutFiles(release: Release): VersionContent {
  const { model, version, sequence, state, rollout, target } = release;
  // devices ignore `health`; it is checked with the whole file
  const health = release.health as VersionFacts['health'];
  const facts = { version, manifest: target.hashes.sha256, sequence, state, rollout, health };
  return { model, facts, features: undefined };
}

async function contentOf(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<VersionContent> {
  const { model, facts } = withoutFiles(version.release);
  const { features } = await readSpec(source, version);
  const names = features?.map(({ name }) => name);
  const baselineHash = version.manifest.files.get('baseline.json')?.slice(0, 16);
  if (!baselineHash) return { model, facts, features: names };
  const baseline = await readBaseline(source, version);
  const metrics = metricsOf(baseline);
  return { model, facts: { ...facts, baseline, baselineHash, metrics }, features: names };
}

/** Accuracy on held-out data: the share of correct answers, where the samples had labels. */
function metricsOf({ distributions }: Baseline): VersionFacts['metrics'] {
  const confidence = distributions.find(({ name }) => name === 'confidence');
  if (!confidence || !('correct' in confidence) || !confidence.correct?.length) return undefined;
  const count = sum(confidence.counts);
  return count === 0 ? undefined : { accuracy: sum(confidence.correct) / count };
}

/** Features of the model are those of its newest version. An older version has its own if they differ. */
function factsOfModel([model, versions]: [string, readonly VersionContent[]]) {
  const features = versions.find((version) => version.features)?.features;
  return {
    model,
    features,
    versions: versions.map(({ facts, features: own }) =>
      own && own.join('\n') !== features?.join('\n') ? { ...facts, features: own } : facts,
    ),
  };
}

function countOf({ model, versions }: ModelFacts['models'][number]) {
  const baselines = versions.filter(({ baseline }) => baseline).length;
  return { model, versions: versions.length, baselines };
}
