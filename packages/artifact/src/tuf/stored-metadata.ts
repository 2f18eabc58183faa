import type { Store } from '@nearside/core';
import {
  acceptFirstRoot,
  acceptNextRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  type CompleteMetadata,
  type TrustedMetadata,
} from './trusted-metadata.js';

/** The raw files of a trusted chain, as stored under one key so that they change together. */
interface StoredChain {
  readonly roots: readonly Uint8Array<ArrayBuffer>[];
  readonly timestamp: Uint8Array<ArrayBuffer>;
  readonly snapshot: Uint8Array<ArrayBuffer>;
  readonly targets: Uint8Array<ArrayBuffer>;
  readonly arrivedMs: number;
  readonly origin: MetadataOrigin;
}

/** `walk`: asked of the repository file by file. `boot`: from a boot file, to be confirmed. */
export type MetadataOrigin = 'walk' | 'boot';

export interface StoredMetadata {
  readonly trusted: CompleteMetadata;
  /** When it came over the network, by this device's clock. */
  readonly arrivedMs: number;
  readonly origin: MetadataOrigin;
}

/** `t/`: trusted metadata of one repository. */
export function trustedKey(prefix: string): string {
  return `${prefix}/t/chain`;
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
 * Loads the stored chain and verifies all of it again, from the pin. Expiry is the caller's.
 *
 * @returns undefined when nothing is stored
 * @throws NearsideError a trust code when what is stored does not verify
 */
export async function loadStoredMetadata(
  store: Store,
  { prefix, pin }: { prefix: string; pin: string },
): Promise<StoredMetadata | undefined> {
  const chain = (await store.get(trustedKey(prefix))) as Partial<StoredChain> | undefined;
  if (!chain) return undefined;
  const [firstRoot, ...nextRoots] = Array.isArray(chain.roots) ? chain.roots : [];
  let trusted: TrustedMetadata = await acceptFirstRoot(bytesOf(firstRoot), pin);
  for (const root of nextRoots) trusted = await acceptNextRoot(trusted, bytesOf(root));
  const timed = await acceptTimestamp(trusted, bytesOf(chain.timestamp));
  const snapped = await acceptSnapshot(timed, bytesOf(chain.snapshot));
  return {
    trusted: await acceptTargets(snapped, bytesOf(chain.targets)),
    arrivedMs: typeof chain.arrivedMs === 'number' ? chain.arrivedMs : 0,
    origin: chain.origin === 'walk' ? 'walk' : 'boot',
  };
}

/** Whatever lies in the store: not-bytes become no bytes, which then fail to verify. */
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array();
}
