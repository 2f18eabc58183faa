import { basename, dirname } from 'node:path';
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
} from '../repository/reading/read-version.js';
import { openRepositoryWriter } from '../repository/writing/repository-writer.js';

export interface FactsOptions {
  /** Directory or URL of a repository. */
  readonly repository: string;
  /** Its pin, as devices have it. */
  readonly trust: string;
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
  /** False if the file said all of this already, and nothing was written. */
  readonly changed: boolean;
  readonly models: readonly {
    readonly model: string;
    readonly versions: number;
    /** Number of versions with a baseline. Drift and accuracy of the others have no reference. */
    readonly baselines: number;
  }[];
}

interface VersionContent {
  readonly facts: VersionFacts;
  /** Names of the features of a record, in the order of model.json. */
  readonly features: readonly string[] | undefined;
}

/**
 * Writes the facts about published models that a collector needs: versions, rollouts, baselines. Metadata, bundles
 * and the files it reads are verified as on a device; weights are not read. If anything does not verify, nothing is
 * written.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code
 * @throws TypeError when `trust` is no pin
 */
export async function facts({
  repository,
  trust,
  out,
  onProgress = () => {},
  now = Date.now,
}: FactsOptions): Promise<WrittenFacts> {
  const expected = await parseTrust(trust);
  const source = openRepository(repository);
  const state = await requireRepository(source, repository, { nowMs: now() });
  requirePin(state.pin, expected);

  const versions = new Map<string, VersionContent[]>();
  for (const release of requireReleases(state, repository)) {
    const content = await readContent(source, state.trusted.root, release);
    versions.set(release.model, [...(versions.get(release.model) ?? []), content]);
    onProgress(release);
  }

  const found = parseModelFacts({ format: 1, models: [...versions].map(factsOfModel) });
  const text = `${JSON.stringify(found, null, 2)}\n`;
  const changed = await openRepositoryWriter(dirname(out)).write(basename(out), Buffer.from(text));
  return { file: out, changed, models: found.models.map(countOf) };
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
  const { version, sequence, state, rollout, target } = release;
  // devices ignore `health`; it is checked with the whole file
  const health = release.health as VersionFacts['health'];
  const facts = { version, manifest: target.hashes.sha256, sequence, state, rollout, health };
  // Devices may still report a revoked version after `prune` has removed its files.
  const isPruned = state === 'revoked' && !(await hasBundle(source, release));
  // The content of a later format is for a newer publisher to read.
  if (isPruned || release.requires.format > SPEC_FORMAT) return { facts, features: undefined };

  const files = await requireVersion(source, root, release);
  const { features } = await readSpec(source, files);
  const names = features?.map(({ name }) => name);
  const baselineHash = files.manifest.files.get('baseline.json')?.slice(0, 16);
  if (!baselineHash) return { facts, features: names };
  const baseline = await readBaseline(source, files);
  const metrics = metricsOf(baseline);
  return { facts: { ...facts, baseline, baselineHash, metrics }, features: names };
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
