import { resolve, sep } from 'node:path';
import {
  LIMITS,
  type RepositorySource,
  readIntegrity,
  readSeal,
  sealPath,
  verifyBytes,
} from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { openRepository } from '../repository/reading/open-repository.js';
import { readLayout, type VerifiedVersion } from '../repository/reading/read-version.js';

/** A sealed version, as a published one: a seal's hash vouches for it in place of a signature. */
export interface SealedVersion {
  readonly source: RepositorySource;
  readonly version: VerifiedVersion;
  /** Chunks that the seal holds, by names that have their SHA-256. */
  readonly inline: ReturnType<typeof readSeal>['inline'];
}

/**
 * Reads a sealed version.
 *
 * @param location the folder of its model, or its URL
 * @param integrity as a page gives it to `open`
 * @throws NearsideError `model-not-found`, a trust code, or a network code
 * @throws TypeError when `integrity` is none
 */
export async function readSealedVersion(
  location: string,
  integrity: string,
): Promise<SealedVersion> {
  const sha256 = requireIntegrity(integrity);
  const source = openRepository(location);
  const limits = { maxBytes: LIMITS.bundleBytes };
  const bytes = await source.fetchIfPresent(sealPath(sha256), limits);
  if (!bytes) throw noSeal(location, integrity, sha256);
  const verified = await verifyBytes(bytes, { what: sealPath(sha256), sha256 });
  const model = modelOfFolder(location);
  const { manifest, requires, inline } = readSeal(verified, { sha256, model });
  const target = { length: bytes.length, hashes: { sha256 } };
  const release = {
    ...manifest.release,
    state: 'stable' as const,
    requires,
    targetName: sealPath(sha256),
    target,
  };
  return { source, inline, version: { release, ...(await readLayout(source, manifest)) } };
}

/** @returns SHA-256 in hex. @throws TypeError */
export function requireIntegrity(integrity: string): string {
  const sha256 = readIntegrity(integrity);
  if (sha256 !== undefined) return sha256;
  throw new TypeError(
    "expected `integrity` as `nearside seal` prints it, 'sha256-' and a hash in base64, got " +
      `'${integrity}'`,
  );
}

/** The name of the model, as devices know it: the last part of the address. */
export function modelOfFolder(location: string): string {
  const path = /^https?:\/\//.test(location) ? location : resolve(location).split(sep).join('/');
  return path.replace(/\/+$/, '').split('/').at(-1) ?? '';
}

function noSeal(location: string, integrity: string, sha256: string): NearsideError {
  return new NearsideError(
    'model-not-found',
    `${location}: expected ${sealPath(sha256)}, the seal of ${integrity}, got none. Give the folder that ` +
      '`nearside seal --out` wrote, or its URL.',
    { details: { location, integrity } },
  );
}

/**
 * Requires either the pin of a repository, or the hash of a sealed model.
 *
 * @throws TypeError
 */
export function requireVoucher(
  caller: string,
  { trust, integrity }: { trust?: unknown; integrity?: unknown },
): void {
  if ((trust === undefined) !== (integrity === undefined)) return;
  throw new TypeError(
    `${caller}: expected \`trust\`, the pin of a repository, or \`integrity\`, the hash of a sealed ` +
      `model, got ${trust === undefined ? 'neither' : 'both'}.`,
  );
}
