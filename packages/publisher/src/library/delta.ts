import { deltaPath, type Release } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import type { OnProgress } from '../files/slices.js';
import type { KeySource } from '../keys/key-source.js';
import { changeRepository } from '../repository/change-repository.js';
import { customOf, requireRelease } from '../repository/checking/release-rules.js';
import { makeDeltas, type UpdateWeight, weighUpdate } from '../repository/deltas/weigh-update.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import { metadataVersions } from '../repository/reading/read-repository.js';
import { openPublished } from '../repository/reading/version-content.js';
import { type Rewritten, rewriteRelease } from '../signing/rewrite-release.js';

export interface DeltaOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  readonly model: string;
  readonly version: string;
  /** The older published version, which devices have. */
  readonly from: string;
  readonly onProgress?: OnProgress | undefined;
  readonly now?: () => number;
}

export interface DeltaResult extends Rewritten, UpdateWeight {
  readonly model: string;
  readonly version: string;
  readonly from: string;
  /** Deltas that are worth it, and those of them that are new. */
  readonly deltas: number;
  readonly deltasWritten: number;
  /** Bytes with deltas as a share of all bytes of the version, 0 … 1. */
  readonly fraction: number;
}

/**
 * Adds deltas for devices that have an older version, where `newer − older` of two chunks, gzip, is smaller than the
 * newer chunk. Deltas need no trust, because the chunk's own hash decides. Targets name the older version, so that
 * devices ask for no delta in vain. The same again writes nothing.
 *
 * @throws NearsideError `model-not-found`, `no-version`, `version-conflict` when `from` is not older or `version` is
 *   revoked, `repository-locked`, a key code, or a trust code
 */
export async function delta({
  repository,
  model,
  version,
  from,
  onProgress = () => {},
  now = Date.now,
  ...keySource
}: DeltaOptions): Promise<DeltaResult> {
  const { result } = await changeRepository(repository, async (locked) => {
    const { source, writer } = locked;
    const before = requirePublished(locked.before, repository);
    const release = requireRelease(before, { model, version });
    const olderRelease = requireRelease(before, { model, version: from });
    requireOlder(olderRelease, release);
    const newer = await openPublished(source, before.trusted.root, release);
    const older = await openPublished(source, before.trusted.root, olderRelease);

    const sizes = new Map<string, { fromSha256: string; sizeBytes: number }>();
    let deltasWritten = 0;
    for await (const { sha256, fromSha256, bytes } of makeDeltas(newer, older, onProgress)) {
      if (await writer.write(deltaPath(sha256, fromSha256), bytes)) deltasWritten += 1;
      sizes.set(sha256, { fromSha256, sizeBytes: bytes.length });
    }
    const { files, ...rewritten } =
      sizes.size === 0
        ? { changed: false, metadata: metadataVersions(before), files: new Map() }
        : await rewriteRelease(
            locked,
            { before, release, custom: withDeltasFrom(release, olderRelease.sequence) },
            { ...keySource, nowMs: now() },
          );
    for (const [path, bytes] of files) await writer.write(path, bytes);
    const chunks = [...newer.files.values()].flat();
    const weight = weighUpdate(chunks, [...older.files.values()].flat(), sizes);
    const fraction = weight.deltaBytes / weight.fullBytes;
    const facts = { model, version, from, deltas: sizes.size, deltasWritten, fraction };
    return { ...facts, ...weight, ...rewritten };
  });
  return result;
}

function withDeltasFrom(release: Release, sequence: number) {
  const { deltasFrom = [], ...custom } = customOf(release);
  const all = new Set([...deltasFrom, sequence]);
  return { ...custom, deltasFrom: [...all].sort((a, b) => a - b) };
}

function requireOlder(older: Release, release: Release): void {
  const { model, version } = release;
  const details = { model, version, from: older.version, state: release.state };
  if (release.state === 'revoked') {
    throw new PublisherError(
      'version-conflict',
      `${model} ${version}: expected a version that devices may run, got a revoked one.`,
      { details },
    );
  }
  if (older.sequence < release.sequence) return;
  throw new PublisherError(
    'version-conflict',
    `${model} ${version} (sequence ${release.sequence}): expected deltas from an older version, ` +
      `got ${older.version} (sequence ${older.sequence}).`,
    { details },
  );
}
