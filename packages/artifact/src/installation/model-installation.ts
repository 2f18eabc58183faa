import { type ErrorCode, NearsideError, type Store, shareOnce } from '@nearside/core';
import type { ModelAddress } from '../address.js';
import { createChunkStore } from '../chunks/chunk-store.js';
import { LIMITS } from '../limits.js';
import type { ReadFileOptions } from '../model-version.js';
import { firstThatAnswers } from '../network/mirrors.js';
import { createPace, type Pace } from '../network/pace.js';
import {
  type Mirror,
  openRepositorySource,
  type RepositorySource,
  type RequestOptions,
} from '../network/repository-source.js';
import { findRelease, type Support } from '../release.js';
import { withMemoryFallback } from '../stores/fallback-store.js';
import { pinPrefix } from '../tuf/pin.js';
import type { VerifiedBytes } from '../verified-bytes.js';
import { collectGarbage } from './collect-garbage.js';
import { findInstalled, findVersion, openProven } from './find-version.js';
import { followLeader } from './follow-leader.js';
import type { InstallationContext, InstallationEvent } from './installation-context.js';
import { lookForUpdate, type UpdateCheck } from './look-for-update.js';
import { createMetadataKeeper } from './metadata-keeper.js';
import { notOffered } from './offered-release.js';
import { type OpenedRelease, openRelease } from './open-release.js';
import type { BootAnswer } from './read-boot-file.js';
import { reportStorage, type StorageReport } from './storage-report.js';
import { openVersionLedger, type VersionEntry } from './version-ledger.js';

export interface ReadFilesOptions extends ReadFileOptions {
  /** Called when another tab has stored more of the files, with the number of bytes. */
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
  open(): Promise<OpenedRelease>;
  /** Opens the installed version that is not `failed`, if there is one; asks no network. */
  openPrevious(failed: number): Promise<OpenedRelease | undefined>;
  /** Opens a version that has served. It goes on serving here without being the active one again. */
  openServed(sequence: number): Promise<OpenedRelease | undefined>;
  /** Opens the version that `check` named, as the candidate of this device. */
  openCandidate(sequence: number): Promise<OpenedRelease>;
  /**
   * Reads files of a version, fetching what is missing: resumed where an earlier try stopped, and
   * once for all tabs.
   *
   * @throws NearsideError `download-limit`; trust, network and store codes
   */
  readFiles(
    version: OpenedRelease,
    names: readonly string[],
    options?: ReadFilesOptions,
  ): Promise<Map<string, VerifiedBytes>>;
  /** Makes a version the active one, after the named backend has proven it. */
  activate(version: OpenedRelease, provenBy: string): Promise<void>;
  /**
   * Refreshes the metadata and compares it with the version that runs. Nothing is downloaded.
   *
   * @param maxAgeMs metadata that another tab fetched so recently is not fetched again
   */
  check(options?: { maxAgeMs?: number }): Promise<UpdateCheck>;
  /** Counts one of a candidate's tries, before it is loaded. @returns how many are left, if any was */
  spendTry(sequence: number): Promise<number | undefined>;
  /** Gives a version up on this device: the one before it is active again. */
  reject(sequence: number, failure: ErrorCode): Promise<void>;
  storage(): Promise<StorageReport>;
  /** Waits for writes to the store. The signal that the installation was opened with ends downloads. */
  close(): Promise<void>;
}

export interface InstallationOptions {
  readonly address: ModelAddress;
  /** Pin of the repository's first root metadata, from `parseTrust`. */
  readonly pin: string;
  readonly store: Store;
  /** Random per install; rollouts are decided by it. */
  readonly installId: string;
  readonly support: Support;
  /** Other bases of the same repository, whose addresses each end with a slash. */
  readonly mirrors?: readonly Mirror[] | undefined;
  /** A larger download is refused; bytes. */
  readonly maxBytes?: number | undefined;
  readonly request?: RequestOptions | undefined;
  /** The answer from `askBootFile`; undefined if nobody has asked. */
  readonly boot?: BootAnswer | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: InstallationEvent) => void;
  readonly now?: () => number;
}

interface Installation {
  readonly context: InstallationContext;
  /** Watches the speed of a first open's downloads, until its version is the active one. */
  readonly pace: Pace;
  readonly maxBytes: number;
  /** Versions that a boot file offered. Each is confirmed once, before it may serve. */
  readonly confirmations: Map<OpenedRelease, () => Promise<void>>;
  /** The version that was last activated here, or serves on. Its record may be cleared meanwhile. */
  serving: OpenedRelease | undefined;
}

export function openModelInstallation(options: InstallationOptions): ModelInstallation {
  const installation = createInstallation(options);
  const { context } = installation;
  const { store, ledger, prefix, model } = context;
  return {
    open: () => openFound(installation),
    openPrevious: (failed) => findInstalled(context, failed),
    openServed: (sequence) => openServed(installation, sequence),
    openCandidate: (sequence) => openCandidate(context, sequence),
    readFiles: (version, names, options) => readFiles(installation, version, names, options),
    activate: (version, provenBy) => activate(installation, version, provenBy),
    check: ({ maxAgeMs } = {}) =>
      lookForUpdate(context, { serving: installation.serving, maxAgeMs }),
    spendTry: (sequence) => ledger.spendTry(sequence),
    reject: (sequence, failure) => ledger.reject(sequence, failure),
    storage: () => reportStorage(store, { prefix, model }),
    close: () => store.close(),
  };
}

function createInstallation(options: InstallationOptions): Installation {
  const { pin, installId, support, boot, onEvent, now = Date.now } = options;
  const { model } = options.address;
  const pace = createPace();
  const signal = AbortSignal.any([pace.signal, ...(options.signal ? [options.signal] : [])]);
  const prefix = pinPrefix(pin);
  const store = withMemoryFallback(options.store, () => collect({ store, now, onEvent }, 0));
  const sources = openSources(options, { signal, pace });
  const source = firstThatAnswers(sources, signal);
  const onHealed = (sha256: string) => onEvent({ type: 'chunk-healed', sha256 });
  const context: InstallationContext = {
    model,
    prefix,
    installId,
    support,
    store,
    source,
    boot,
    signal,
    now,
    onEvent,
    metadata: createMetadataKeeper({ store, source, pin, now }),
    ledger: openVersionLedger(store, { prefix, model, now }),
    chunks: createChunkStore(store, { sources, signal, onHealed }),
  };
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  return { context, pace, maxBytes, confirmations: new Map(), serving: undefined };
}

/** The repository, then its mirrors. */
function openSources(
  { address: { repository }, mirrors = [], request }: InstallationOptions,
  { signal, pace }: { signal: AbortSignal; pace: Pace },
): RepositorySource[] {
  const { origin } = new URL(repository);
  return [{ url: repository, request }, ...mirrors].map(({ url, request: own }) => {
    // Headers and credentials for one origin are not sent to another.
    const shared = new URL(url).origin === origin ? request : undefined;
    return openRepositorySource(url, { request: own ?? shared, signal, pace });
  });
}

async function openFound({ context, pace, confirmations }: Installation): Promise<OpenedRelease> {
  pace.watch();
  const { version, confirm } = await findVersion(context);
  if (confirm) confirmations.set(version, shareOnce(confirm));
  return version;
}

async function openServed(
  installation: Installation,
  sequence: number,
): Promise<OpenedRelease | undefined> {
  const version = await openProven(installation.context, [sequence]);
  if (version) installation.serving = version;
  return version;
}

async function openCandidate(
  context: InstallationContext,
  sequence: number,
): Promise<OpenedRelease> {
  const { metadata, ledger, model } = context;
  const wanted = { model, sequence };
  const recent = await metadata.refresh({ maxAgeMs: LIMITS.freshMs });
  const isThere = findRelease(recent.targets.signed, wanted) !== undefined;
  const trusted = isThere ? recent : await metadata.refresh();
  const release = findRelease(trusted.targets.signed, wanted);
  if (!release || release.state === 'revoked') {
    throw notOffered(model, release?.version ?? `of sequence ${sequence}`);
  }
  const version = await openRelease(release, { ...context, trusted });
  await ledger.makeCandidate(sequence);
  return version;
}

async function readFiles(
  installation: Installation,
  version: OpenedRelease,
  names: readonly string[],
  { onBytes, onElsewhere }: ReadFilesOptions = {},
) {
  const { context, maxBytes } = installation;
  const { store, ledger, prefix, model, signal } = context;
  const remainingBytes = () => version.missingBytes(names);
  // Chunks are marked before looking for them, so that no collection removes them.
  await ledger.remember(entryOf(version, names));
  const missingBytes = await remainingBytes();
  if (missingBytes > maxBytes) throw overLimit(version, missingBytes, maxBytes);
  let arrivedBytes = 0;
  const countArrived = (sizeBytes: number) => {
    arrivedBytes += sizeBytes;
    // A server may send more than the repository has: what is compressed there, decoded.
    if (arrivedBytes > maxBytes) throw overLimit(version, arrivedBytes, maxBytes);
    onBytes?.(sizeBytes);
  };
  const read = () => readConfirmed(installation, version, names, countArrived);
  if (missingBytes === 0) return read();
  const lock = `${prefix}/${model}/download`;
  return followLeader(store, lock, read, { signal, remainingBytes, onElsewhere });
}

/** Reads files while the version is confirmed. If it is not offered any more, that is the error. */
async function readConfirmed(
  { confirmations }: Installation,
  version: OpenedRelease,
  names: readonly string[],
  onBytes: ReadFilesOptions['onBytes'],
) {
  const confirmed = confirmations.get(version)?.();
  const reading = version.readFiles(names, { onBytes }).catch(async (error) => {
    await confirmed;
    throw error;
  });
  const [files] = await Promise.all([reading, confirmed]);
  return files;
}

async function activate(
  installation: Installation,
  version: OpenedRelease,
  provenBy: string,
): Promise<void> {
  const { context, confirmations, pace } = installation;
  await confirmations.get(version)?.();
  await context.ledger.activate(entryOf(version, []), provenBy);
  installation.serving = version;
  pace.rest();
  void collect(context).catch(() => {}); // the next collection takes what this one could not
}

/** @returns whether anything was taken off the device */
async function collect(
  { store, now, onEvent }: Pick<InstallationContext, 'store' | 'now' | 'onEvent'>,
  budgetBytes?: number,
): Promise<boolean> {
  const evicted = await collectGarbage(store, { budgetBytes, nowMs: now() });
  for (const { model, version, sizeBytes } of evicted) {
    onEvent({ type: 'storage-evicted', model, version, sizeBytes });
  }
  return evicted.length > 0;
}

function entryOf(version: OpenedRelease, names: readonly string[]): VersionEntry {
  const { release, bundle } = version;
  return { release, bundle, chunks: version.chunksOf(names), whole: version.wholeFiles() };
}

function overLimit(
  { release: { model, version } }: OpenedRelease,
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
