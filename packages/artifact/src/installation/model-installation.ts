import { type ErrorCode, shareOnce } from '@nearside/core';
import type { ModelAddress } from '../address.js';
import type { VerifiedFile } from '../chunked-file.js';
import { LIMITS } from '../limits.js';
import type { ReadFileOptions } from '../model-version.js';
import { firstThatAnswers } from '../network/mirrors.js';
import { findRelease, type Release, releasesOf, shadowOnOffer } from '../release.js';
import type { Targets } from '../tuf/metadata.js';
import { pinPrefix } from '../tuf/pin.js';
import { findInstalled, findVersion, openProven } from './find-version.js';
import type { InstallationContext } from './installation-context.js';
import { lookForUpdate, type UpdateCheck } from './look-for-update.js';
import { createMetadataKeeper } from './metadata-keeper.js';
import {
  collect,
  type DeviceOptions,
  makeActive,
  openOnDevice,
  type ReadFilesOptions,
  readForAllTabs,
} from './model-on-device.js';
import { notOffered } from './offered-release.js';
import { openRelease } from './open-release.js';
import type { OpenedRelease } from './opened-release.js';
import { addressPrefix, pointerKey, versionPrefix } from './record-keys.js';
import { reportStorage, type StorageReport } from './storage-report.js';

/** One model, as installed on this device. */
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
  /** Opens the shadow that `check` named, in the same way. It is not to be activated. */
  openShadow(sequence: number): Promise<OpenedRelease>;
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
  ): Promise<Map<string, VerifiedFile>>;
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

export interface InstallationOptions extends DeviceOptions {
  /** Pin of the repository's first root metadata, from `parseTrust`. */
  readonly pin: string;
  /** Random per install; rollouts are decided by it. */
  readonly installId: string;
}

interface Installation {
  readonly context: InstallationContext;
  readonly address: ModelAddress;
  /** Versions that a boot file offered. Each is confirmed once, before it may serve. */
  readonly confirmations: Map<OpenedRelease, () => Promise<void>>;
  /** The version that was last activated here, or serves on. Its record may be cleared meanwhile. */
  serving: OpenedRelease | undefined;
}

export function openModelInstallation(options: InstallationOptions): ModelInstallation {
  const installation = createInstallation(options);
  const { context } = installation;
  const { store, ledger } = context;
  return {
    open: () => openFound(installation),
    openPrevious: (failed) => findInstalled(context, failed),
    openServed: (sequence) => openServed(installation, sequence),
    openCandidate: (sequence) => openOffered(context, { sequence, isFor: isNotRevoked }),
    openShadow: (sequence) => openOffered(context, { sequence, isFor: isShadow }),
    readFiles: (version, names, how) => {
      const read = (options: ReadFileOptions) =>
        readConfirmed(installation, version, names, options);
      return readForAllTabs(context, version, names, { ...how, read });
    },
    activate: (version, provenBy) => activate(installation, version, provenBy),
    check: ({ maxAgeMs } = {}) =>
      lookForUpdate(context, { serving: installation.serving, maxAgeMs }),
    spendTry: (sequence) => ledger.spendTry(sequence),
    reject: (sequence, failure) => ledger.reject(sequence, failure),
    storage: () => reportStorage(store, context),
    close: () => store.close(),
  };
}

function createInstallation(options: InstallationOptions): Installation {
  const { address, pin, installId } = options;
  const device = openOnDevice(options, { base: address.repository, prefix: pinPrefix(pin) });
  const { store, sources, signal, now } = device;
  const source = firstThatAnswers(sources, signal);
  const metadata = createMetadataKeeper({ store, source, pin, now });
  const context: InstallationContext = { ...device, installId, source, metadata };
  return { context, address, confirmations: new Map(), serving: undefined };
}

async function openFound({ context, confirmations }: Installation): Promise<OpenedRelease> {
  context.pace.watch();
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

/** Of what targets offer now, is this one still what it is to be opened as? */
type IsFor = (release: Release, targets: Targets) => boolean;

const isNotRevoked: IsFor = ({ state }) => state !== 'revoked';

/** One that has become a canary, or is beside one, is a shadow no more. */
const isShadow: IsFor = ({ model, sequence }, targets) =>
  shadowOnOffer(releasesOf(targets, model))?.sequence === sequence;

async function openOffered(
  context: InstallationContext,
  { sequence, isFor }: { sequence: number; isFor: IsFor },
): Promise<OpenedRelease> {
  const { metadata, ledger, model } = context;
  const wanted = { model, sequence };
  const recent = await metadata.refresh({ maxAgeMs: LIMITS.freshMs });
  const isThere = findRelease(recent.targets.signed, wanted) !== undefined;
  const trusted = isThere ? recent : await metadata.refresh();
  const release = findRelease(trusted.targets.signed, wanted);
  if (!release || !isFor(release, trusted.targets.signed)) {
    throw notOffered(model, release?.version ?? `of sequence ${sequence}`);
  }
  const version = await openRelease(release, { ...context, trusted });
  await ledger.makeCandidate(sequence);
  return version;
}

/** Reads files while the version is confirmed. If it is not offered any more, that is the error. */
async function readConfirmed(
  { confirmations }: Installation,
  version: OpenedRelease,
  names: readonly string[],
  options: ReadFileOptions,
) {
  const confirmed = confirmations.get(version)?.();
  const reading = version.readFiles(names, options).catch(async (error) => {
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
  const { context, confirmations } = installation;
  await confirmations.get(version)?.();
  await makeActive(context, version, provenBy);
  installation.serving = version;
  void replaceSealed(installation).catch(() => {}); // the next collection takes what this one could not
}

/** A signed version takes the place of the sealed ones of its address. */
async function replaceSealed({ context, address }: Installation): Promise<void> {
  const { store, model } = context;
  const sealed = await addressPrefix(address);
  const pointer = pointerKey(sealed, model);
  if ((await store.get(pointer)) !== undefined) await store.commit({ delete: [pointer] });
  await collect(context, { heldOnly: versionPrefix(sealed, model) });
}
