import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chunkPath,
  MODEL_KEYS_FIELD,
  parseMetadata,
  type RepositorySource,
  type Root,
  type TrustedMetadata,
  targetPath,
  targetsPath,
} from '@nearside/artifact';
import { NearsideError, sum } from '@nearside/core';
import { provingTargets } from '../autopilot/log-of-acts.js';
import { listFiles } from '../files/list-files.js';
import {
  type KeptGeneration,
  readKeptGenerations,
} from '../repository/reading/kept-generations.js';
import { openDirectorySource, requirePublished } from '../repository/reading/open-repository.js';
import {
  readableReleases,
  readRepository,
  type UnreadableTarget,
} from '../repository/reading/read-repository.js';
import { readVersion } from '../repository/reading/read-version.js';
import { lockRepository } from '../repository/repository-lock.js';
import { openRepositoryWriter } from '../repository/writing/repository-writer.js';

const DEFAULTS = Object.freeze({
  /** Caches and devices may go on for this long with files that were current. */
  olderThanMs: 7 * 86_400_000,
  /** Versions of each model, newest first, that stay even when revoked. */
  keepNewest: 1,
});

export interface PruneOptions {
  /** Directory of the repository. */
  readonly repository: string;
  /** Files written less than this long ago stay, and files that were current since then. */
  readonly olderThanMs?: number | undefined;
  /** So many newest versions of each model stay, even when they are revoked. */
  readonly keepNewest?: number | undefined;
  /** Lists the files that would be removed, and removes nothing. */
  readonly dryRun?: boolean | undefined;
  readonly now?: () => number;
}

export interface Pruning {
  readonly dryRun: boolean;
  readonly removed: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly removedBytes: number;
  /** Files that nothing names any more, but that are too young to be removed. */
  readonly young: number;
  /** Files of the repository that stay. */
  readonly kept: number;
}

/**
 * Removes files that no device needs any more: chunks, deltas and bundles of revoked versions and of unfinished
 * publishes, and replaced metadata. Roots stay for ever, because every device starts at the first, and targets that prove
 * an act of autopilot. Files that Nearside does not write stay. It may be ended anywhere, because nothing names the files it removes.
 *
 * @throws NearsideError `repository-locked`, a trust code when the repository or an offered version does not verify,
 *   because the files it needs are then unknown
 * @throws RangeError when `olderThanMs` or `keepNewest` is negative
 */
export async function prune({
  repository,
  olderThanMs = DEFAULTS.olderThanMs,
  keepNewest = DEFAULTS.keepNewest,
  dryRun = false,
  now = Date.now,
}: PruneOptions): Promise<Pruning> {
  requireNotNegative({ olderThanMs, keepNewest });
  await using _lock = await lockRepository(repository);
  const source = openDirectorySource(repository);
  const state = requirePublished(await readRepository(source), repository);
  const names = (await listFiles(repository, { unfinished: true })) ?? [];
  const cutoffMs = now() - olderThanMs;
  const generations = await readKeptGenerations(repository, source, { state, names, cutoffMs });
  const { paths, chunks } = await markWanted(source, state.trusted, generations, keepNewest);
  const proofs = (await provingTargets(repository)).map(targetsPath);
  const wanted = { paths: new Set([...paths, ...proofs]), chunks };

  const removed: { path: string; sizeBytes: number }[] = [];
  let young = 0;
  for (const path of names.filter((name) => isPrunable(name) && !isWanted(name, wanted))) {
    const { mtimeMs, size } = await stat(join(repository, path));
    if (mtimeMs >= cutoffMs) young += 1;
    else removed.push({ path, sizeBytes: size });
  }
  // Offers and boot files do not change, so nothing is written, least of all in a dry run.
  const writer = openRepositoryWriter(repository);
  if (!dryRun) for (const { path } of removed) await writer.remove(path);
  return {
    dryRun,
    removed,
    removedBytes: sum(removed.map(({ sizeBytes }) => sizeBytes)),
    young,
    kept: names.filter((name) => !name.startsWith('.')).length - removed.length,
  };
}

/** Paths that some file names, and the chunks that deltas may lead to. */
interface Wanted {
  readonly paths: ReadonlySet<string>;
  readonly chunks: ReadonlySet<string>;
}

async function markWanted(
  source: RepositorySource,
  trusted: TrustedMetadata,
  generations: readonly KeptGeneration[],
  keepNewest: number,
): Promise<Wanted> {
  const paths = new Set(generations.flatMap((generation) => generation.paths));
  const chunks = new Set<string>();
  const root = rootOfAllModelKeys(trusted);
  for (const { targets } of generations) {
    const { releases, unreadable } = readableReleases(targets);
    requireUnderstood(unreadable);
    for (const release of releases) {
      const isCurrent = trusted.targets?.signed.version === targets.version;
      const isNewest = releases
        .filter(({ model }) => model === release.model)
        .slice(0, keepNewest)
        .some(({ sequence }) => sequence === release.sequence);
      if (release.state === 'revoked' && !isNewest) continue;
      const path = targetPath(release.targetName, release.target.hashes.sha256);
      if (paths.has(path)) continue;
      paths.add(path);
      const version = await readVersion(source, root, release);
      if (!version.ok && isCurrent && release.state !== 'revoked') throw version.problem;
      for (const chunk of version.ok ? [...version.files.values()].flat() : []) {
        paths.add(chunkPath(chunk[0], { gzip: chunk[2] !== undefined }));
        chunks.add(chunk[0]);
      }
    }
    // Targets that are no model versions stay. Whoever added them needs them.
    const names = new Set(releases.map(({ targetName }) => targetName));
    for (const [name, { hashes }] of Object.entries(targets.targets)) {
      if (!names.has(name)) paths.add(targetPath(name, hashes.sha256));
    }
  }
  return { paths, chunks };
}

/**
 * An offered version stays even if a rotation dropped its model key. Devices that have not followed yet may still
 * fetch it.
 */
function rootOfAllModelKeys({ root, rootChain }: TrustedMetadata): Root {
  const keys = rootChain.map((raw) => parseMetadata('root', raw).signed[MODEL_KEYS_FIELD]);
  return { ...root, [MODEL_KEYS_FIELD]: Object.assign({}, ...keys) };
}

/**
 * An unreadable target may be a newer library's version, with chunks that are unknown here. If no device can ask for
 * its model, only its bundle is kept.
 */
function requireUnderstood(unreadable: readonly UnreadableTarget[]): void {
  const unknown = unreadable.find(({ hasModelName }) => hasModelName);
  if (unknown) throw new NearsideError(unknown.code, unknown.message);
}

/** Kinds of files that are removed, and hidden files that a killed publisher left. */
const PRUNABLE = [
  /^chunks\/[0-9a-f]{64}(?:\.z)?$/,
  /^deltas\/[0-9a-f]{64}-[0-9a-f]{64}\.z$/,
  /^targets\/[0-9a-f]{64}\.[^/]+$/,
  /^metadata\/\d+\.(?:snapshot|targets)\.json$/,
  /^(?:chunks|deltas|targets|metadata|boot)\/\.[^/]+\.[0-9a-f]{12}$/,
  /^\.lock\.[0-9a-z.]+$/,
];

function isPrunable(path: string): boolean {
  return PRUNABLE.some((pattern) => pattern.test(path));
}

/** A delta stays as long as the chunk that it makes. */
function isWanted(path: string, { paths, chunks }: Wanted): boolean {
  const made = /^deltas\/([0-9a-f]{64})-/.exec(path)?.[1];
  return made === undefined ? paths.has(path) : chunks.has(made);
}

function requireNotNegative(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value >= 0)) throw new RangeError(`${name}: expected 0 or more, got ${value}`);
  }
}
