import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LIMITS,
  parseMetadata,
  type RepositorySource,
  snapshotPath,
  type Targets,
  targetsPath,
} from '@nearside/artifact';
import type { RepositoryState } from './read-repository.js';

/** Metadata that a device may still be following: a snapshot and the targets it names. */
export interface KeptGeneration {
  readonly paths: readonly string[];
  readonly targets: Targets;
}

/**
 * Reads the newest generation, the one before it, which a device may be reading right now, and all that were replaced
 * after `cutoffMs`, which caches may still hold.
 *
 * @param names names of the files in the repository
 */
export async function readKeptGenerations(
  directory: string,
  source: RepositorySource,
  {
    state,
    names,
    cutoffMs,
  }: { state: RepositoryState; names: readonly string[]; cutoffMs: number },
): Promise<KeptGeneration[]> {
  const current = state.trusted.snapshot?.signed.version ?? 0;
  const versions = names
    .map((name) => Number(/^metadata\/(\d+)\.snapshot\.json$/.exec(name)?.[1]))
    .filter((version) => version <= current)
    .sort((a, b) => b - a);
  const generations: KeptGeneration[] = [];
  let replacedMs = Number.POSITIVE_INFINITY;
  for (const [age, version] of versions.entries()) {
    if (age > 1 && replacedMs < cutoffMs) break;
    const generation = await readGeneration(source, version);
    if (generation) generations.push(generation);
    replacedMs = (await stat(join(directory, snapshotPath(version)))).mtimeMs;
  }
  return generations;
}

/** Metadata that no longer parses leads no device anywhere. Nothing is trusted here, only kept. */
async function readGeneration(
  source: RepositorySource,
  version: number,
): Promise<KeptGeneration | undefined> {
  try {
    const snapshotFile = snapshotPath(version);
    const snapshotBytes = await source.fetch(snapshotFile, { maxBytes: LIMITS.snapshotBytes });
    const snapshot = parseMetadata('snapshot', snapshotBytes);
    const targetsFile = targetsPath(snapshot.signed.meta['targets.json'].version);
    const targetsBytes = await source.fetch(targetsFile, { maxBytes: LIMITS.targetsBytes });
    const targets = parseMetadata('targets', targetsBytes);
    return { paths: [snapshotFile, targetsFile], targets: targets.signed };
  } catch {
    return undefined;
  }
}
