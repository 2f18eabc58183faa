import { isNearsideError, ownFields, type Store } from '@nearside/core';
import {
  acceptFirstRoot,
  acceptNextRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  type CompleteMetadata,
  type TrustedMetadata,
} from './trusted-metadata.js';

/** The raw files of a trusted chain. They are stored under one key, so that they change together. */
interface StoredChain {
  readonly roots: readonly Uint8Array<ArrayBuffer>[];
  readonly timestamp: Uint8Array<ArrayBuffer>;
  readonly snapshot: Uint8Array<ArrayBuffer>;
  readonly targets: Uint8Array<ArrayBuffer>;
  readonly arrivedMs: number;
  readonly origin: MetadataOrigin;
}

/** `walk`: TUF's client workflow (5.3 to 5.6), file by file. `boot`: from a boot file, not confirmed yet. */
export type MetadataOrigin = 'walk' | 'boot';

export interface StoredMetadata {
  readonly trusted: CompleteMetadata;
  /** When it came over the network, by this device's clock. */
  readonly arrivedMs: number;
  readonly origin: MetadataOrigin;
}

/** `t/chain`: the complete metadata of one repository, which versions are served by. */
export function trustedKey(prefix: string): string {
  return `${prefix}/t/chain`;
}

/** `t/reached`: the metadata that a later walk reached before it broke off. The next one begins there. */
export function reachedKey(prefix: string): string {
  return `${prefix}/t/reached`;
}

export function toStoredReached({ rootChain, timestamp, snapshot }: TrustedMetadata) {
  return { roots: rootChain, timestamp: timestamp?.raw, snapshot: snapshot?.raw };
}

/**
 * Goes on from `start` to where the walk broke off, and verifies each step again.
 *
 * @param start metadata that is trusted without it; undefined for the pin alone
 */
export async function resumeReached(
  store: Store,
  { prefix, pin, start }: { prefix: string; pin: string; start: TrustedMetadata | undefined },
): Promise<TrustedMetadata | undefined> {
  const reached = ownFields(await store.get(reachedKey(prefix)), 1) as
    | Partial<StoredChain>
    | undefined;
  if (!reached) return start;
  let trusted = start;
  try {
    const roots = Array.isArray(reached.roots) ? reached.roots : [];
    trusted ??= await acceptFirstRoot(bytesOf(roots[0]), pin);
    for (const root of roots.slice(trusted.rootChain.length)) {
      trusted = await acceptNextRoot(trusted, bytesOf(root));
    }
    if (!reached.timestamp) return trusted;
    const timed = await acceptTimestamp(trusted, bytesOf(reached.timestamp));
    trusted = timed;
    return reached.snapshot ? await acceptSnapshot(timed, bytesOf(reached.snapshot)) : timed;
  } catch (error) {
    if (isNearsideError(error)) return trusted; // a step that does not verify ends it
    throw error;
  }
}

async function acceptRoots(roots: unknown, pin: string): Promise<TrustedMetadata> {
  const [firstRoot, ...nextRoots] = Array.isArray(roots) ? roots : [];
  let trusted = await acceptFirstRoot(bytesOf(firstRoot), pin);
  for (const root of nextRoots) trusted = await acceptNextRoot(trusted, bytesOf(root));
  return trusted;
}

export function toStoredChain({ trusted, arrivedMs, origin }: StoredMetadata): StoredChain {
  return {
    roots: trusted.rootChain,
    timestamp: trusted.timestamp.raw,
    snapshot: trusted.snapshot.raw,
    targets: trusted.targets.raw,
    arrivedMs,
    origin,
  };
}

/**
 * Loads the stored chain and verifies all of it again, from the pin. The caller checks expiry.
 *
 * @returns undefined when nothing is stored
 * @throws NearsideError a trust code when what is stored does not verify
 */
export async function loadStoredMetadata(
  store: Store,
  { prefix, pin }: { prefix: string; pin: string },
): Promise<StoredMetadata | undefined> {
  const chain = ownFields(await store.get(trustedKey(prefix)), 1) as
    | Partial<StoredChain>
    | undefined;
  if (!chain) return undefined;
  const timed = await acceptTimestamp(
    await acceptRoots(chain.roots, pin),
    bytesOf(chain.timestamp),
  );
  const snapped = await acceptSnapshot(timed, bytesOf(chain.snapshot));
  return {
    trusted: await acceptTargets(snapped, bytesOf(chain.targets)),
    arrivedMs: typeof chain.arrivedMs === 'number' ? chain.arrivedMs : 0,
    origin: chain.origin === 'walk' ? 'walk' : 'boot',
  };
}

/** Reads bytes from any value in the store. Other values become no bytes, which then fail to verify. */
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array();
}
