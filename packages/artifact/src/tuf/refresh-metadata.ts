import { isNearsideError, NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import { pastCache } from '../network/past-cache.js';
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

export interface RefreshOptions {
  readonly pin: string;
  /** Metadata that is trusted already. Without it the walk begins at the pin. */
  readonly trusted?: TrustedMetadata | undefined;
  readonly nowMs: number;
  /**
   * Called when the walk fails half way, with the metadata it had reached. The next walk begins there: 5.3.8, 5.4.5
   * and 5.5.7 persist each step, so that nobody can withhold the rest and go back behind it.
   */
  readonly onBrokenOff?: ((reached: TrustedMetadata) => Promise<void>) | undefined;
}

/**
 * The client workflow of TUF 1.0, section 5: from the trusted metadata (or the pin alone) to the newest targets that
 * the repository offers.
 *
 * @throws NearsideError a trust code when a file does not verify, a network code when one does not come. The trusted
 *   metadata stays trusted
 */
export async function refreshMetadata(
  source: RepositorySource,
  { pin, trusted, nowMs, onBrokenOff }: RefreshOptions,
): Promise<CompleteMetadata> {
  let reached = trusted ?? (await fetchFirstRoot(source, pin));
  try {
    for await (const root of nextRoots(source, reached)) reached = root;
    requireUnexpired('root', reached.root, nowMs);

    const timed = await refreshTimestamp(source, reached);
    reached = timed;
    requireUnexpired('timestamp', timed.timestamp.signed, nowMs);

    const snapped = await refreshSnapshot(source, timed, nowMs);
    reached = snapped;
    requireUnexpired('snapshot', snapped.snapshot.signed, nowMs);

    const complete = await refreshTargets(source, snapped, nowMs);
    requireUnexpired('targets', complete.targets.signed, nowMs);
    return complete;
  } catch (error) {
    if (reached !== trusted) await onBrokenOff?.(reached);
    throw error;
  }
}

/** The newest root that can be reached from `first`. */
export async function followRoots(
  source: RepositorySource,
  first: TrustedMetadata,
): Promise<TrustedMetadata> {
  let trusted = first;
  for await (const root of nextRoots(source, first)) trusted = root;
  return trusted;
}

/** 5.2: the first root never changes, so any copy will do. */
function fetchFirstRoot(source: RepositorySource, pin: string): Promise<TrustedMetadata> {
  return pastCache(async (past) => {
    const raw = await source.fetch(rootPath(1), { maxBytes: LIMITS.rootBytes, ...past });
    return acceptFirstRoot(raw, pin);
  });
}

/**
 * 5.3.2–5.3.9: fetches N+1.root.json until there is none. The cache must ask again, because a root may be new since
 * yesterday, and a rotation that is missed hides every later revocation.
 */
async function* nextRoots(
  source: RepositorySource,
  first: TrustedMetadata,
): AsyncGenerator<TrustedMetadata> {
  let trusted = first;
  for (let rotations = 0; rotations < LIMITS.rootRotations; rotations += 1) {
    const before = trusted;
    const next = await pastCache(async (past) => {
      const raw = await source.fetchIfPresent(rootPath(before.root.version + 1), {
        maxBytes: LIMITS.rootBytes,
        cache: 'no-cache',
        ...past,
      });
      return raw && acceptNextRoot(before, raw);
    });
    if (!next) return;
    trusted = next;
    yield trusted;
  }
  throw new NearsideError(
    'metadata-too-large',
    `Root metadata: expected at most ${LIMITS.rootRotations} rotations in one refresh, got more.`,
    { details: { limit: LIMITS.rootRotations } },
  );
}

/** 5.4.1: the timestamp changes under its name, so the cache must ask again. */
async function refreshTimestamp(source: RepositorySource, trusted: TrustedMetadata) {
  return pastCache(async (past) => {
    const raw = await source.fetch(TIMESTAMP_PATH, {
      maxBytes: LIMITS.timestampBytes,
      cache: 'no-cache',
      ...past,
    });
    return acceptTimestamp(trusted, raw);
  });
}

type Timed = Awaited<ReturnType<typeof acceptTimestamp>>;
type Snapped = Awaited<ReturnType<typeof acceptSnapshot>>;

/**
 * 5.5.1: the snapshot is fetched when timestamp names another version. As in the reference clients, it is fetched too
 * when the present one has expired or does not match the timestamp: it may have been signed anew under its version,
 * and the chain that is stored next needs it.
 */
async function refreshSnapshot(
  source: RepositorySource,
  trusted: Timed,
  nowMs: number,
): Promise<Snapped> {
  const { version, length } = trusted.timestamp.signed.meta['snapshot.json'];
  const { snapshot } = trusted;
  const isKept = snapshot?.signed.version === version;
  const kept = isKept && (await ifGood(acceptSnapshot(trusted, snapshot.raw), 'snapshot', nowMs));
  if (kept) return kept;
  const maxBytes = Math.min(length ?? LIMITS.snapshotBytes, LIMITS.snapshotBytes);
  return pastCache(async (past) => {
    // The HTTP cache may keep for a year the older file of the same name.
    const how = isKept ? ({ cache: 'reload' } as const) : past;
    const raw = await source.fetch(snapshotPath(version), { maxBytes, ...how });
    return acceptSnapshot(trusted, raw);
  });
}

/** 5.6.1: as for the snapshot. */
async function refreshTargets(
  source: RepositorySource,
  trusted: Snapped,
  nowMs: number,
): Promise<CompleteMetadata> {
  const { version, length } = trusted.snapshot.signed.meta['targets.json'];
  const { targets } = trusted;
  const isKept = targets?.signed.version === version;
  const kept = isKept && (await ifGood(acceptTargets(trusted, targets.raw), 'targets', nowMs));
  if (kept) return kept;
  const maxBytes = Math.min(length ?? LIMITS.targetsBytes, LIMITS.targetsBytes);
  return pastCache(async (past) => {
    // The HTTP cache may keep for a year the older file of the same name.
    const how = isKept ? ({ cache: 'reload' } as const) : past;
    const raw = await source.fetch(targetsPath(version), { maxBytes, ...how });
    return acceptTargets(trusted, raw);
  });
}

/** @returns the present file, if it verifies and has not expired */
async function ifGood<Accepted extends TrustedMetadata>(
  accepting: Promise<Accepted>,
  role: 'snapshot' | 'targets',
  nowMs: number,
): Promise<Accepted | undefined> {
  try {
    const accepted = await accepting;
    const kept = accepted[role];
    if (kept) requireUnexpired(role, kept.signed, nowMs);
    return accepted;
  } catch (error) {
    if (isNearsideError(error)) return undefined;
    throw error;
  }
}
