import { isNearsideError, type NearsideError, type Store } from '@nearside/core';
import type { RepositorySource } from '../network/repository-source.js';
import { pinPrefix } from '../tuf/pin.js';
import { refreshMetadata } from '../tuf/refresh-metadata.js';
import {
  loadStoredMetadata,
  reachedKey,
  resumeReached,
  type StoredMetadata,
  toStoredChain,
  toStoredReached,
  trustedKey,
} from '../tuf/stored-metadata.js';
import type { CompleteMetadata, TrustedMetadata } from '../tuf/trusted-metadata.js';

export interface LoadedMetadata {
  readonly stored: StoredMetadata | undefined;
  readonly damage: NearsideError | undefined;
}

/** The trusted metadata of one repository on this device. */
export interface MetadataKeeper {
  /** Loads the stored metadata, verified again from the pin. `damage` is set if it does not verify. */
  load(): Promise<LoadedMetadata>;
  /**
   * Returns the newest metadata: from the repository, or as any tab fetched it less than `maxAgeMs` ago. It is stored
   * before it is returned.
   */
  refresh(options?: { maxAgeMs?: number | undefined }): Promise<CompleteMetadata>;
  /** Walks a boot file. Its metadata is stored as not confirmed yet. */
  adopt(boot: RepositorySource): Promise<CompleteMetadata>;
}

export function createMetadataKeeper({
  store,
  source,
  pin,
  now,
}: {
  store: Store;
  source: RepositorySource;
  pin: string;
  now: () => number;
}): MetadataKeeper {
  const prefix = pinPrefix(pin);

  async function load(): Promise<LoadedMetadata> {
    try {
      const stored = await loadStoredMetadata(store, { prefix, pin });
      return { stored, damage: undefined };
    } catch (error) {
      // Stored metadata that does not verify is useless, but it is the error to report if nothing else comes.
      if (isNearsideError(error) && error.code !== 'store-unavailable')
        return { stored: undefined, damage: error };
      throw error;
    }
  }

  /** Never replaces newer metadata, which another tab may have stored meanwhile. */
  async function keep(metadata: StoredMetadata): Promise<CompleteMetadata> {
    const key = trustedKey(prefix);
    for (let isKept = false; !isKept; ) {
      const { stored } = await load();
      if (stored?.origin === 'walk' && isNewer(stored.trusted, metadata.trusted)) break;
      const seen = stored?.trusted.timestamp.raw;
      await store.transact([key], ([now]) => {
        isKept = !seen || sameBytes((now as { timestamp?: unknown })?.timestamp, seen);
        if (!isKept) return undefined;
        const passed = metadata.origin === 'walk' ? [reachedKey(prefix)] : [];
        return { set: new Map([[key, toStoredChain(metadata)]]), delete: passed };
      });
    }
    return metadata.trusted;
  }

  return {
    load,
    async refresh({ maxAgeMs = 0 } = {}) {
      const { stored, damage } = await load();
      if (stored?.origin === 'walk' && isYounger(stored, maxAgeMs, now())) return stored.trusted;
      const trusted = await refreshMetadata(source, {
        pin,
        trusted: await resumeReached(store, { prefix, pin, start: startOf(stored) }),
        nowMs: now(),
        onBrokenOff: (reached) =>
          store.commit({ set: new Map([[reachedKey(prefix), toStoredReached(reached)]]) }),
      }).catch((error) => {
        throw damage && isNetworkError(error) ? damage : error;
      });
      return keep({ trusted, arrivedMs: now(), origin: 'walk' });
    },
    async adopt(boot) {
      const trusted = await refreshMetadata(boot, { pin, nowMs: now() });
      return keep({ trusted, arrivedMs: now(), origin: 'boot' });
    },
  };
}

/**
 * Only the roots of a boot file count, because nobody can forge them. The walk must find whatever a boot file hides.
 */
function startOf(stored: StoredMetadata | undefined): TrustedMetadata | undefined {
  if (stored?.origin !== 'boot') return stored?.trusted;
  const { rootChain, root } = stored.trusted;
  return { rootChain, root, timestamp: undefined, snapshot: undefined, targets: undefined };
}

function isNewer(a: CompleteMetadata, b: CompleteMetadata): boolean {
  if (a.root.version !== b.root.version) return a.root.version > b.root.version;
  return a.timestamp.signed.version > b.timestamp.signed.version;
}

function sameBytes(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A clock that was set back must not make metadata young for ever. */
export function isYounger({ arrivedMs }: StoredMetadata, maxAgeMs: number, nowMs: number): boolean {
  return arrivedMs <= nowMs && nowMs - arrivedMs < maxAgeMs;
}

function isNetworkError(error: unknown): boolean {
  return isNearsideError(error) && /^(?:offline|network-failed|too-slow)$/.test(error.code);
}
