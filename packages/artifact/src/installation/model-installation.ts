import { isNearsideError, type NearsideError, type Store } from '@nearside/core';
import type { ModelAddress } from '../address.js';
import { createChunkStore } from '../chunks/chunk-store.js';
import { LIMITS } from '../limits.js';
import { type ModelVersion, openModelVersion } from '../model-version.js';
import { openRepositorySource, type RequestOptions } from '../network/repository-source.js';
import { verifyBundle } from '../oms/verify-bundle.js';
import { chooseRelease, type Release, releasesOf } from '../release.js';
import { targetPath } from '../repository-paths.js';
import { MODEL_KEYS_FIELD } from '../tuf/metadata.js';
import { pinPrefix } from '../tuf/pin.js';
import { refreshMetadata } from '../tuf/refresh-metadata.js';
import { loadTrustedMetadata, toStoredChain, trustedKey } from '../tuf/stored-metadata.js';
import { type CompleteMetadata, requireUnexpired } from '../tuf/trusted-metadata.js';
import { verifyBytes } from '../verified-bytes.js';
import {
  type Pointer,
  pointerKey,
  readPointer,
  readVersionRecord,
  type VersionRecord,
  versionKey,
} from './installation-records.js';

/** Loads a candidate gets before the device stays with the version it has. */
const CANDIDATE_TRIES = 2;

/** What an installation tells while it works. */
export type InstallationEvent =
  | { readonly type: 'chunk-healed'; readonly sha256: string }
  | { readonly type: 'metadata-stale'; readonly role: unknown; readonly expires: unknown }
  | { readonly type: 'version-ready'; readonly version: string; readonly sequence: number };

/** A version ready to be read, and where its metadata came from. */
export interface InstalledVersion extends ModelVersion {
  readonly origin: 'store' | 'network';
  /** Of its rollout, as reports name it. */
  readonly arm: 'canary' | 'stable';
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** What has proven it on this device before: see `activate`. */
  readonly provenBy: readonly string[];
}

/** One model of one repository, as installed on this device. */
export interface ModelInstallation {
  /**
   * Opens the version this device runs. With a verified version in the store it never waits for
   * the network; without one it fetches the newest that this device is admitted to.
   *
   * @throws NearsideError a trust, finding, network or store code
   */
  open(): Promise<InstalledVersion>;
  /** Makes a version the active one, after the named backend has proven it. */
  activate(version: InstalledVersion, provenBy: string): Promise<void>;
  /**
   * Refreshes the metadata and, when it admits this device to a newer version, fetches that as the
   * candidate of the next `open`. Serving goes on meanwhile.
   *
   * @param filesOf names the files that the version needs on this device
   * @returns the version that is ready now, or undefined when there is nothing new
   */
  update(filesOf: (version: ModelVersion) => readonly string[]): Promise<ModelVersion | undefined>;
}

export interface InstallationOptions {
  readonly address: ModelAddress;
  /** Pin of the repository's first root metadata, from `parseTrust`. */
  readonly pin: string;
  readonly store: Store;
  /** Random per install: decides rollouts. */
  readonly installId: string;
  readonly request?: RequestOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: InstallationEvent) => void;
  readonly now?: () => number;
}

export function openModelInstallation({
  address: { repository, model },
  pin,
  store,
  installId,
  request,
  signal,
  onEvent,
  now = Date.now,
}: InstallationOptions): ModelInstallation {
  const source = openRepositorySource(repository, { request, signal });
  const prefix = pinPrefix(pin);
  const chunks = createChunkStore(store, source, {
    onHealed: (sha256) => onEvent({ type: 'chunk-healed', sha256 }),
  });

  async function open(): Promise<InstalledVersion> {
    const { trusted: stored, damage } = await loadStored();
    const installed = stored && (await openInstalled(stored));
    if (installed) return installed;
    const trusted = await refresh(stored).catch((error) => {
      throw damage && isNetworkError(error) ? damage : error;
    });
    return openRelease(trusted, await chooseRelease(trusted.targets.signed, { model, installId }));
  }

  /** Stored metadata that does not verify is worth nothing, but is the cause if nothing else comes. */
  async function loadStored(): Promise<{ trusted?: CompleteMetadata; damage?: NearsideError }> {
    try {
      const trusted = await loadTrustedMetadata(store, { prefix, pin });
      return trusted ? { trusted } : {};
    } catch (error) {
      if (isNearsideError(error) && error.code !== 'store-unavailable') return { damage: error };
      throw error;
    }
  }

  async function refresh(stored: CompleteMetadata | undefined): Promise<CompleteMetadata> {
    const trusted = await refreshMetadata(source, { pin, trusted: stored, nowMs: now() });
    await store.commit({ set: new Map([[trustedKey(prefix), toStoredChain(trusted)]]) });
    return trusted;
  }

  /** The candidate while it has tries left, else the active version. */
  async function openInstalled(trusted: CompleteMetadata): Promise<InstalledVersion | undefined> {
    const pointer = await readPointer(store, pointerKey(prefix, model));
    const candidate = await findInstalled(trusted, pointer.candidate);
    const active = await findInstalled(trusted, pointer.active);
    const chosen = candidate && candidate.record.triesLeft > 0 ? candidate : active;
    if (!chosen) return undefined;
    announceStaleness(trusted);
    if (chosen === candidate) {
      const { triesLeft } = candidate.record;
      await saveRecord(candidate.release, { ...candidate.record, triesLeft: triesLeft - 1 });
    }
    return openRelease(trusted, chosen.release, chosen.record);
  }

  async function findInstalled(trusted: CompleteMetadata, sequence: number | undefined) {
    const release = releasesOf(trusted.targets.signed, model).find(
      (offered) => offered.sequence === sequence && offered.state !== 'revoked',
    );
    if (!release) return undefined;
    const record = await readVersionRecord(store, versionKey(prefix, model, release.sequence));
    return record && { release, record };
  }

  async function openRelease(
    trusted: CompleteMetadata,
    release: Release,
    record?: VersionRecord,
  ): Promise<InstalledVersion> {
    const bundle = await readBundle(release, record);
    const manifest = await verifyBundle(bundle, {
      modelKeys: trusted.root[MODEL_KEYS_FIELD],
      release: { model, version: release.version, sequence: release.sequence },
    });
    const version = await openModelVersion(manifest, chunks);
    return {
      ...version,
      origin: record ? 'store' : 'network',
      arm: release.state === 'canary' ? 'canary' : 'stable',
      bundle,
      provenBy: record?.provenBy ?? [],
    };
  }

  async function readBundle(release: Release, record: VersionRecord | undefined) {
    const { length, hashes } = release.target;
    const expected = { what: release.targetName, sha256: hashes.sha256, sizeBytes: length };
    const stored = record && (await verifyBytes(record.bundle, expected).catch(() => undefined));
    if (stored) return stored;
    const fetched = await source.fetch(targetPath(release.targetName, hashes.sha256), {
      maxBytes: Math.min(length, LIMITS.bundleBytes),
      tooLarge: 'size-mismatch',
    });
    return verifyBytes(fetched, expected);
  }

  async function activate(version: InstalledVersion, provenBy: string): Promise<void> {
    const { sequence } = version.release;
    const key = pointerKey(prefix, model);
    const pointer = await readPointer(store, key);
    const next: Pointer = {
      active: sequence,
      previous: pointer.active === sequence ? pointer.previous : pointer.active,
      candidate: pointer.candidate === sequence ? undefined : pointer.candidate,
    };
    const record: VersionRecord = {
      bundle: version.bundle,
      triesLeft: 0,
      provenBy: [...new Set([...version.provenBy, provenBy])],
      lastUsedMs: now(),
    };
    await store.commit({
      set: new Map<string, Pointer | VersionRecord>([
        [key, next],
        [versionKey(prefix, model, sequence), record],
      ]),
    });
  }

  async function update(filesOf: (version: ModelVersion) => readonly string[]) {
    const { trusted: stored } = await loadStored();
    const trusted = await refresh(stored);
    const release = await chooseRelease(trusted.targets.signed, { model, installId });
    const key = pointerKey(prefix, model);
    const pointer = await readPointer(store, key);
    if (release.sequence <= Math.max(pointer.active ?? 0, pointer.candidate ?? 0)) return undefined;

    const version = await openRelease(trusted, release);
    for (const file of filesOf(version)) await version.readFile(file);
    await store.commit({
      set: new Map<string, Pointer | VersionRecord>([
        [key, { ...pointer, candidate: release.sequence }],
        [
          versionKey(prefix, model, release.sequence),
          {
            bundle: version.bundle,
            triesLeft: CANDIDATE_TRIES,
            provenBy: [],
            lastUsedMs: now(),
          },
        ],
      ]),
    });
    onEvent({ type: 'version-ready', version: release.version, sequence: release.sequence });
    return version;
  }

  async function saveRecord({ sequence }: Release, record: VersionRecord): Promise<void> {
    await store.commit({ set: new Map([[versionKey(prefix, model, sequence), record]]) });
  }

  /** Expired metadata installs nothing new, but what it vouched for keeps serving. */
  function announceStaleness({ root, timestamp, snapshot, targets }: CompleteMetadata): void {
    try {
      requireUnexpired('root', root, now());
      requireUnexpired('timestamp', timestamp.signed, now());
      requireUnexpired('snapshot', snapshot.signed, now());
      requireUnexpired('targets', targets.signed, now());
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      const { role, expires } = error.details;
      onEvent({ type: 'metadata-stale', role, expires });
    }
  }

  return { open, activate, update };
}

function isNetworkError(error: unknown): boolean {
  return isNearsideError(error) && /^(?:offline|network-failed|too-slow)$/.test(error.code);
}
