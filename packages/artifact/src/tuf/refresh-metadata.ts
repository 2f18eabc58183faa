import { NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import type { RepositorySource } from '../network/repository-source.js';
import { rootPath, snapshotPath, TIMESTAMP_PATH, targetsPath } from '../repository-paths.js';
import {
  acceptFirstRoot,
  acceptNextRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  type CompleteMetadata,
  requireUnexpired,
  type TrustedMetadata,
} from './trusted-metadata.js';

/**
 * The client workflow of TUF 1.0, section 5: from what is trusted already (or the pin alone) to
 * the newest targets the repository offers.
 *
 * @throws NearsideError a trust code when a file does not verify, a network code when one does
 *   not come; what was trusted before stays trusted
 */
export async function refreshMetadata(
  source: RepositorySource,
  { pin, trusted, nowMs }: { pin: string; trusted?: TrustedMetadata | undefined; nowMs: number },
): Promise<CompleteMetadata> {
  const first =
    trusted ??
    (await acceptFirstRoot(await source.fetch(rootPath(1), { maxBytes: LIMITS.rootBytes }), pin));
  const rooted = await followRoots(source, first);
  requireUnexpired('root', rooted.root, nowMs);

  const rawTimestamp = await source.fetch(TIMESTAMP_PATH, {
    maxBytes: LIMITS.timestampBytes,
    cache: 'no-cache',
  });
  const timed = await acceptTimestamp(rooted, rawTimestamp);
  requireUnexpired('timestamp', timed.timestamp.signed, nowMs);

  const snapped = await refreshSnapshot(source, timed);
  requireUnexpired('snapshot', snapped.snapshot.signed, nowMs);

  const complete = await refreshTargets(source, snapped);
  requireUnexpired('targets', complete.targets.signed, nowMs);
  return complete;
}

/** 5.3.2–5.3.9: N+1.root.json, until there is none. */
export async function followRoots(
  source: RepositorySource,
  first: TrustedMetadata,
): Promise<TrustedMetadata> {
  let trusted = first;
  for (let rotations = 0; rotations < LIMITS.rootRotations; rotations += 1) {
    const raw = await source.fetchIfPresent(rootPath(trusted.root.version + 1), {
      maxBytes: LIMITS.rootBytes,
    });
    if (!raw) return trusted;
    trusted = await acceptNextRoot(trusted, raw);
  }
  throw new NearsideError(
    'metadata-too-large',
    `Root metadata: expected at most ${LIMITS.rootRotations} rotations in one refresh, got more.`,
    { details: { limit: LIMITS.rootRotations } },
  );
}

type Timed = Awaited<ReturnType<typeof acceptTimestamp>>;
type Snapped = Awaited<ReturnType<typeof acceptSnapshot>>;

/**
 * 5.5.1: the snapshot is fetched only when timestamp names another version. The one that is there
 * must still be the one it describes, or the chain stored next would verify no more.
 */
async function refreshSnapshot(source: RepositorySource, trusted: Timed): Promise<Snapped> {
  const { version, length } = trusted.timestamp.signed.meta['snapshot.json'];
  const { snapshot } = trusted;
  if (snapshot?.signed.version === version) return acceptSnapshot(trusted, snapshot.raw);
  const raw = await source.fetch(snapshotPath(version), {
    maxBytes: Math.min(length ?? LIMITS.snapshotBytes, LIMITS.snapshotBytes),
  });
  return acceptSnapshot(trusted, raw);
}

/** 5.6.1: likewise. */
async function refreshTargets(
  source: RepositorySource,
  trusted: Snapped,
): Promise<CompleteMetadata> {
  const { version, length } = trusted.snapshot.signed.meta['targets.json'];
  const { targets } = trusted;
  if (targets?.signed.version === version) return acceptTargets(trusted, targets.raw);
  const raw = await source.fetch(targetsPath(version), {
    maxBytes: Math.min(length ?? LIMITS.targetsBytes, LIMITS.targetsBytes),
  });
  return acceptTargets(trusted, raw);
}
