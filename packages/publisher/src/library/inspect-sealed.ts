import { LIMITS, type Release, sealPath } from '@nearside/artifact';
import { isNearsideError, sum } from '@nearside/core';
import { indexChunks, storedBytesOf } from '../repository/deltas/weigh-update.js';
import { openRepository } from '../repository/reading/open-repository.js';
import type { ReadVersion } from '../repository/reading/read-version.js';
import { modelOfFolder, readSealedVersion, requireIntegrity } from '../sealing/read-sealed.js';
import { INDEX_FILE, parseSealIndex, type SealIndex } from '../sealing/seal-index.js';
import { chunksOf, type InspectedVersion, indexUsers, inspectVersion } from './inspect-version.js';

export interface InspectSealedOptions {
  /** Folder of a sealed model, or its URL. */
  readonly location: string;
  /** Shows this version alone; by default all that `nearside.json` lists. */
  readonly integrity?: string | undefined;
}

export interface SealedInspection {
  readonly model: string;
  /** Newest first. */
  readonly versions: readonly InspectedSeal[];
  /** Distinct chunks of all versions, and their bytes on the server. */
  readonly chunks: number;
  readonly storedBytes: number;
}

export interface InspectedSeal extends InspectedVersion {
  readonly integrity: string;
}

/**
 * Reads the versions of a sealed model, down to their layouts. Those that do not verify are reported.
 *
 * @throws NearsideError `file-missing`, `metadata-malformed` or a network code
 * @throws TypeError when `integrity` is no hash
 */
export async function inspectSealed({
  location,
  integrity,
}: InspectSealedOptions): Promise<SealedInspection> {
  const listed =
    integrity === undefined ? await readListing(location) : [{ version: '', integrity }];
  const versions = await Promise.all(listed.map((seal) => readListed(location, seal)));
  const users = indexUsers(versions);
  const chunks = versions.flatMap(chunksOf);
  return {
    model: modelOfFolder(location),
    versions: versions.map((version, i) => ({
      ...inspectVersion(version, versions.slice(i + 1), users),
      integrity: listed[i]?.integrity ?? '',
    })),
    chunks: users.size,
    storedBytes: sum([...indexChunks(chunks).values()].map(storedBytesOf)),
  };
}

/** @returns true if a sealed model is there, as far as its index tells */
export async function isSealed(location: string): Promise<boolean> {
  const limits = { maxBytes: LIMITS.bundleBytes };
  return (await openRepository(location).fetchIfPresent(INDEX_FILE, limits)) !== undefined;
}

async function readListing(location: string): Promise<SealIndex['seals']> {
  const limits = { maxBytes: LIMITS.bundleBytes };
  return parseSealIndex(await openRepository(location).fetch(INDEX_FILE, limits)).seals.reverse();
}

async function readListed(
  location: string,
  { version, integrity }: SealIndex['seals'][number],
): Promise<ReadVersion> {
  const sha256 = requireIntegrity(integrity);
  try {
    return { ok: true, ...(await readSealedVersion(location, integrity)).version };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const release: Release = {
      model: modelOfFolder(location),
      version,
      sequence: 1,
      state: 'stable',
      requires: { format: 1 },
      targetName: sealPath(sha256),
      target: { length: 0, hashes: { sha256 } },
    };
    return { ok: false, release, problem: error };
  }
}
