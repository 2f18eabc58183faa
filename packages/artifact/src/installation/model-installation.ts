import { type ErrorCode, isNearsideError, NearsideError, type Store } from '@nearside/core';
import type { ModelAddress } from '../address.js';
import { createChunkStore } from '../chunks/chunk-store.js';
import { LIMITS } from '../limits.js';
import type { ReadFileOptions } from '../model-version.js';
import { bootSource } from '../network/boot-source.js';
import { firstThatAnswers } from '../network/mirrors.js';
import { openRepositorySource, type RequestOptions } from '../network/repository-source.js';
import { type ReleaseIdentity, verifyBundle } from '../oms/verify-bundle.js';
import {
  chooseRelease,
  findRelease,
  type Release,
  type Support,
  unsupportedReleases,
} from '../release.js';
import { withMemoryFallback } from '../stores/fallback-store.js';
import { MODEL_KEYS_FIELD } from '../tuf/metadata.js';
import { pinPrefix } from '../tuf/pin.js';
import { type CompleteMetadata, requireUnexpired } from '../tuf/trusted-metadata.js';
import { type VerifiedBytes, verifyBytes } from '../verified-bytes.js';
import { openBootFile } from './boot.js';
import { collectGarbage } from './collect-garbage.js';
import { followDownload } from './follow-download.js';
import { createMetadataKeeper, isYounger } from './metadata-keeper.js';
import { type InstalledVersion, openRelease } from './open-release.js';
import { reportStorage, type StorageReport } from './storage-report.js';
import { openVersionLedger } from './version-ledger.js';

/** What an installation tells while it works. */
export type InstallationEvent =
  | { readonly type: 'chunk-healed'; readonly sha256: string }
  | { readonly type: 'metadata-stale'; readonly role: string; readonly expires: string }
  | { readonly type: 'version-unsupported'; readonly version: string; readonly sequence: number }
  | {
      readonly type: 'storage-evicted';
      readonly model: string;
      readonly version: string;
      readonly sizeBytes: number;
    };

/** What a look at the repository has found. */
export interface UpdateCheck {
  /** The version this device should run instead, if any. */
  readonly next?: ReleaseIdentity | undefined;
  /** The active version must not run any more, whether or not there is a next one. */
  readonly isRevoked: boolean;
}

export interface ReadFilesOptions extends ReadFileOptions {
  /** Called with what another tab fetches meanwhile, in bytes. */
  readonly onElsewhere?: ((sizeBytes: number) => void) | undefined;
}

/** One model of one repository, as installed on this device. */
export interface ModelInstallation {
  /**
   * Opens the version this device runs. With a verified version in the store it never waits for
   * the network; without one it finds the newest that this device is admitted to.
   *
   * @throws NearsideError a trust, finding, network or store code
   */
  open(): Promise<InstalledVersion>;
  /** Opens the installed version that is not `failed`, if there is one; asks no network. */
  openPrevious(failed: number): Promise<InstalledVersion | undefined>;
  /** Opens the version that `check` named, as the candidate of this device. */
  openCandidate(sequence: number): Promise<InstalledVersion>;
  /**
   * Reads files of a version, fetching what is missing: resumed where an earlier try stopped, and
   * once for all tabs.
   *
   * @throws NearsideError `download-limit`; trust, network and store codes
   */
  readFiles(
    version: InstalledVersion,
    names: readonly string[],
    options?: ReadFilesOptions,
  ): Promise<Map<string, VerifiedBytes>>;
  /** Makes a version the active one, after the named backend has proven it. */
  activate(version: InstalledVersion, provenBy: string): Promise<void>;
  /**
   * Refreshes the metadata and says what follows from it. Nothing is downloaded.
   *
   * @param maxAgeMs what another tab has asked so recently is not asked again
   */
  check(options?: { maxAgeMs?: number }): Promise<UpdateCheck>;
  /** Counts one of a candidate's tries, before it is loaded. @returns how many are left, if any was */
  spendTry(sequence: number): Promise<number | undefined>;
  /** Gives a version up on this device: the one before it is active again. */
  reject(sequence: number, failure: ErrorCode): Promise<void>;
  storage(): Promise<StorageReport>;
}

export interface InstallationOptions {
  readonly address: ModelAddress;
  /** Pin of the repository's first root metadata, from `parseTrust`. */
  readonly pin: string;
  readonly store: Store;
  /** Random per install: decides rollouts. */
  readonly installId: string;
  readonly support: Support;
  /** Other bases of the same repository, each ending with a slash. */
  readonly mirrors?: readonly string[] | undefined;
  /** More than this is not fetched at once; bytes. */
  readonly maxBytes?: number | undefined;
  readonly request?: RequestOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: InstallationEvent) => void;
  readonly now?: () => number;
}

export function openModelInstallation({
  address: { repository, model },
  pin,
  store: givenStore,
  installId,
  support,
  mirrors = [],
  maxBytes = Number.POSITIVE_INFINITY,
  request,
  signal,
  onEvent,
  now = Date.now,
}: InstallationOptions): ModelInstallation {
  const prefix = pinPrefix(pin);
  const store = withMemoryFallback(givenStore, () => collect(0));
  const sources = [repository, ...mirrors].map((url) =>
    openRepositorySource(url, { request, signal }),
  );
  const source = firstThatAnswers(sources);
  const metadata = createMetadataKeeper({ store, source, pin, now });
  const ledger = openVersionLedger(store, { prefix, model, now });
  const chunks = createChunkStore(store, {
    sources,
    signal,
    onHealed: (sha256) => onEvent({ type: 'chunk-healed', sha256 }),
  });
  /** Of versions that a boot file offered: each is confirmed once, before it may serve. */
  const confirmations = new Map<InstalledVersion, () => Promise<void>>();
  /** Sequence of the version that was last activated here. */
  let serving: number | undefined;

  async function open(): Promise<InstalledVersion> {
    const installed = await openInstalled();
    if (installed) return installed;
    return store.exclusive(
      `${prefix}/${model}/find`,
      async () => (await openInstalled()) ?? (await openOffered()),
      { signal },
    );
  }

  /** The active version; the one before it when that was revoked, is gone or has just failed. */
  async function openInstalled(failed?: number): Promise<InstalledVersion | undefined> {
    const { stored } = await metadata.load();
    if (!stored) return undefined;
    const { trusted } = stored;
    const { active, previous } = await ledger.pointer();
    for (const sequence of [active, previous]) {
      const release = releaseOf(trusted, sequence);
      if (!release || release.state === 'revoked' || sequence === failed) continue;
      if ((await ledger.record(release.sequence))?.state !== 'proven') continue;
      announceStaleness(trusted);
      try {
        return await openRelease(release, { trusted, ledger, chunks, source });
      } catch (error) {
        // Root has dropped the key that signed it: as good as revoked.
        if (!isNearsideError(error) || error.code !== 'model-key-unknown') throw error;
      }
    }
    return undefined;
  }

  /** The newest version the repository offers this device. */
  async function openOffered(): Promise<InstalledVersion> {
    const { stored, damage } = await metadata.load();
    if (!stored && !damage) {
      const booted = await openFromBootFile();
      if (booted) return booted;
    }
    const isFresh = stored && isYounger(stored, LIMITS.freshMs, now());
    const found = isFresh && (await openNewest(stored).catch(withoutAnswer));
    return found || openNewest({ trusted: await metadata.refresh(), origin: 'walk' });
  }

  /** Whatever is wrong with a boot file, the plain walk is the answer. */
  async function openFromBootFile(): Promise<InstalledVersion | undefined> {
    try {
      const files = await openBootFile(source, { model, chunks });
      if (!files) return undefined;
      const boot = bootSource(files, source);
      return await openNewest({ trusted: await metadata.adopt(boot), origin: 'boot' }, boot);
    } catch (error) {
      return withoutAnswer(error);
    }
  }

  /** Turns a failure of a shortcut into "take the long way"; an abort stays an abort. */
  function withoutAnswer(error: unknown): undefined {
    if (signal?.aborted || !isNearsideError(error)) throw error;
  }

  async function openNewest(
    { trusted, origin }: { trusted: CompleteMetadata; origin: 'walk' | 'boot' },
    from = source,
  ): Promise<InstalledVersion> {
    const release = await choose(trusted);
    announceUnsupported(trusted, release.sequence);
    const version = await openRelease(release, { trusted, ledger, chunks, source: from });
    if (origin === 'boot')
      confirmations.set(
        version,
        shareOnce(() => confirm(version)),
      );
    return version;
  }

  /** The repository's own word on a version that a boot file offered: it decides as without one. */
  async function confirm({ release, bundle }: InstalledVersion): Promise<void> {
    const trusted = await metadata.refresh({ maxAgeMs: LIMITS.freshMs });
    const chosen = await choose(trusted).catch(withoutAnswer);
    const isChosen = chosen?.sequence === release.sequence;
    if (!isChosen || !(await isOffered(trusted, release.sequence, bundle))) {
      throw takenBack(release.version);
    }
  }

  async function choose({ targets }: CompleteMetadata, from?: number): Promise<Release> {
    const question = { model, installId, support, failed: await ledger.failed(), from };
    return chooseRelease(targets.signed, question);
  }

  /** Whether targets still offer this very bundle, and root still names the key that signed it. */
  async function isOffered(
    trusted: CompleteMetadata,
    sequence: number,
    bundle: Uint8Array<ArrayBuffer>,
  ): Promise<boolean> {
    const offered = releaseOf(trusted, sequence);
    if (!offered || offered.state === 'revoked') return false;
    const { model, version, target, targetName } = offered;
    try {
      await verifyBytes(bundle, { what: targetName, sha256: target.hashes.sha256 });
      const modelKeys = trusted.root[MODEL_KEYS_FIELD];
      await verifyBundle(bundle, { modelKeys, release: { model, version, sequence } });
      return true;
    } catch (error) {
      if (isNearsideError(error)) return false;
      throw error;
    }
  }

  async function openCandidate(sequence: number): Promise<InstalledVersion> {
    const fresh = await metadata.refresh({ maxAgeMs: LIMITS.freshMs });
    const trusted = releaseOf(fresh, sequence) ? fresh : await metadata.refresh();
    const release = releaseOf(trusted, sequence);
    if (!release || release.state === 'revoked')
      throw takenBack(release?.version ?? `of sequence ${sequence}`);
    const version = await openRelease(release, { trusted, ledger, chunks, source });
    await ledger.stage(sequence);
    return version;
  }

  async function readFiles(
    version: InstalledVersion,
    names: readonly string[],
    { onBytes, onElsewhere }: ReadFilesOptions = {},
  ) {
    const remainingBytes = () => version.missingBytes(names);
    await remember(version, names); // before looking: what is marked is not collected any more
    const missingBytes = await remainingBytes();
    if (missingBytes > maxBytes) throw overLimit(version, missingBytes, maxBytes);
    const read = async () => {
      const confirmed = confirmations.get(version)?.();
      const [files] = await Promise.all([version.readFiles(names, { onBytes }), confirmed]);
      return files;
    };
    if (missingBytes === 0) return read();
    const lock = `${prefix}/${model}/download`;
    return followDownload(store, lock, read, { signal, remainingBytes, onElsewhere });
  }

  function remember(version: InstalledVersion, names: readonly string[]): Promise<void> {
    const { release, bundle } = version;
    return ledger.remember({ release, bundle, chunks: version.chunksOf(names) });
  }

  async function activate(version: InstalledVersion, provenBy: string): Promise<void> {
    const { release, bundle } = version;
    await confirmations.get(version)?.();
    await ledger.activate({ release, bundle, chunks: version.chunksOf([]) }, provenBy);
    serving = release.sequence;
    void collect().catch(() => {}); // what cannot be collected now is collected next time
  }

  async function check(options?: { maxAgeMs?: number }): Promise<UpdateCheck> {
    const trusted = await metadata.refresh(options).catch((error) => {
      if (isNearsideError(error) && error.code === 'metadata-expired') announceStale(error);
      throw error;
    });
    // Another tab may have switched already: what counts is what runs here.
    const active = serving ?? (await ledger.pointer()).active;
    const bundle = active === undefined ? undefined : (await ledger.record(active))?.bundle;
    const isRevoked =
      active !== undefined && bundle !== undefined && !(await isOffered(trusted, active, bundle));
    announceUnsupported(trusted, active ?? 0);
    const chosen = await choose(trusted, active).catch((error) => {
      if (isRevoked && isNearsideError(error)) return undefined;
      throw error;
    });
    if (!chosen || chosen.sequence === active) return { isRevoked };
    const { version, sequence } = chosen;
    return { isRevoked, next: { model, version, sequence } };
  }

  /** @returns whether anything was taken off the device */
  async function collect(budgetBytes?: number): Promise<boolean> {
    const evicted = await collectGarbage(store, { budgetBytes, nowMs: now() });
    for (const { model, version, sizeBytes } of evicted) {
      onEvent({ type: 'storage-evicted', model, version, sizeBytes });
    }
    return evicted.length > 0;
  }

  function releaseOf({ targets }: CompleteMetadata, sequence: number | undefined) {
    return findRelease(targets.signed, { model, sequence });
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
      announceStale(error);
    }
  }

  function announceStale({ details: { role, expires } }: NearsideError): void {
    onEvent({ type: 'metadata-stale', role: String(role), expires: String(expires) });
  }

  function announceUnsupported({ targets }: CompleteMetadata, above: number): void {
    for (const release of unsupportedReleases(targets.signed, { model, support, above })) {
      const { version, sequence } = release;
      onEvent({ type: 'version-unsupported', version, sequence });
    }
  }

  function takenBack(version: string): NearsideError {
    return new NearsideError(
      'version-revoked',
      `Expected ${model} ${version} to be what the repository offers this device, got another, or none.`,
      { details: { model, version }, retryable: true },
    );
  }

  return {
    open,
    openPrevious: (failed) => openInstalled(failed),
    openCandidate,
    readFiles,
    activate,
    check,
    spendTry: (sequence) => ledger.spendTry(sequence),
    reject: (sequence, failure) => ledger.reject(sequence, failure),
    storage: () => reportStorage(store, { prefix, model }),
  };
}

/** However often it is asked for, the work is done once; a failure is forgotten. */
function shareOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch((error) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

function overLimit(
  { release: { model, version } }: InstalledVersion,
  missingBytes: number,
  maxBytes: number,
): NearsideError {
  return new NearsideError(
    'download-limit',
    `${model} ${version}: expected at most ${maxBytes} bytes to download, as \`policy.maxBytes\` ` +
      `says, got ${missingBytes}.`,
    { details: { model, version, expected: maxBytes, got: missingBytes } },
  );
}
