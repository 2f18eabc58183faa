import {
  MODEL_KEYS_FIELD,
  releasesOf,
  allReleases,
  type RepositorySource,
  type TrustedMetadata,
} from '@nearside/artifact';
import type { Chunk, ErrorCode } from '@nearside/core';
import type { TufRole } from './keys/key-files.js';
import { openRepository, requireRepository } from './repository/open-repository.js';
import { type ReadVersion, readVersion } from './repository/read-version.js';

export interface InspectOptions {
  /** Directory or URL of a repository. */
  readonly repository: string;
  readonly now?: () => number;
}

export interface Inspection {
  readonly pin: string;
  /** Root, targets, snapshot, timestamp. */
  readonly roles: readonly InspectedRole[];
  /** Hints of the keys that may sign models. */
  readonly modelKeys: readonly string[];
  readonly models: readonly InspectedModel[];
  /** Distinct chunks of all versions, and what they weigh on the server. */
  readonly chunks: number;
  readonly storedBytes: number;
}

export interface InspectedRole {
  readonly role: TufRole;
  /** Absent while nothing has been published. */
  readonly version?: number | undefined;
  readonly expires?: string | undefined;
  readonly expired: boolean;
  readonly threshold: number;
  readonly keyIds: readonly string[];
}

export interface InspectedModel {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly InspectedVersion[];
}

export interface InspectedVersion {
  readonly version: string;
  readonly sequence: number;
  readonly state: 'stable' | 'canary' | 'revoked';
  /** Hint of the key that signed it, and SHA-256 of the bundle. */
  readonly keyHint?: string | undefined;
  readonly manifestSha256: string;
  readonly files: readonly InspectedFile[];
  readonly sizeBytes: number;
  readonly storedBytes: number;
  /** Distinct chunks, and how many of them another version uses too. */
  readonly chunks: number;
  readonly sharedChunks: number;
  /** Why devices would refuse it. */
  readonly problem?: { readonly code: ErrorCode; readonly message: string } | undefined;
}

export interface InspectedFile {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly chunks: number;
  readonly sharedChunks: number;
}

/**
 * Reads everything a repository offers, down to each version's layout. The metadata must verify
 * under the repository's own first root; expired metadata, and versions that do not verify, are
 * reported.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code
 */
export async function inspect({
  repository,
  now = Date.now,
}: InspectOptions): Promise<Inspection> {
  const source = openRepository(repository);
  const { pin, trusted } = await requireRepository(source, repository);
  const versions = await readVersions(source, trusted);
  const users = usersOfChunks(versions);
  const models = Map.groupBy(versions, ({ release }) => release.model);
  return {
    pin,
    roles: rolesOf(trusted, now()),
    modelKeys: Object.keys(trusted.root[MODEL_KEYS_FIELD]),
    models: [...models].map(([name, of]) => ({
      name,
      versions: of.map((version) => inspectVersion(version, users)),
    })),
    chunks: users.size,
    storedBytes: sum([...users.values()].map(({ storedBytes }) => storedBytes)),
  };
}
