import { NearsideError, type Store } from '@nearside/core';
import type { ModelAddress } from '../address.js';
import type { VerifiedFile } from '../chunked-file.js';
import { type ChunkStore, createChunkStore } from '../chunks/chunk-store.js';
import type { ReadFileOptions } from '../model-version.js';
import { createPace, type Pace } from '../network/pace.js';
import {
  type Mirror,
  openRepositorySource,
  type RepositorySource,
  type RequestOptions,
} from '../network/repository-source.js';
import type { Support } from '../release.js';
import { type FallbackStore, withMemoryFallback } from '../stores/fallback-store.js';
import { collectGarbage } from './collect-garbage.js';
import { followLeader } from './follow-leader.js';
import type { ReadableRelease } from './opened-release.js';
import type { BootAnswer } from './read-boot-file.js';
import { openVersionLedger, type VersionEntry, type VersionLedger } from './version-ledger.js';

/** Every installation is given these, whoever vouches for its versions. */
export interface DeviceOptions {
  readonly address: ModelAddress;
  readonly store: Store;
  readonly support: Support;
  /** Other bases of the same repository or sealed folder, whose addresses each end with a slash. */
  readonly mirrors?: readonly Mirror[] | undefined;
  /** A larger download is refused; bytes. */
  readonly maxBytes?: number | undefined;
  readonly request?: RequestOptions | undefined;
  /** The answer from `askFirstFile`; undefined if nobody has asked. */
  readonly boot?: BootAnswer | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: InstallationEvent) => void;
  readonly now?: (() => number) | undefined;
}

/** Events of an installation at work. */
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

/** One model as this device holds it: what is stored of it, and where the rest comes from. */
export interface ModelOnDevice {
  readonly model: string;
  /** Its keys in the store begin with this. */
  readonly prefix: string;
  readonly support: Support;
  readonly store: FallbackStore;
  /** Its address, then the mirrors. Nothing that they send is trusted. */
  readonly sources: readonly RepositorySource[];
  readonly ledger: VersionLedger;
  readonly chunks: ChunkStore;
  /** The answer to the page's own first request; undefined if it has not asked. */
  readonly boot: BootAnswer | undefined;
  /** Watches the speed of a first open's downloads, until its version is the active one. */
  readonly pace: Pace;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly onEvent: (event: InstallationEvent) => void;
}

/** @param base address of what is fetched; ends with a slash */
export function openOnDevice(
  options: DeviceOptions,
  { base, prefix }: { base: string; prefix: string },
): ModelOnDevice {
  const { address, support, boot, onEvent, now = Date.now } = options;
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  const { model } = address;
  const pace = createPace();
  const signal = AbortSignal.any([pace.signal, ...(options.signal ? [options.signal] : [])]);
  const store = withMemoryFallback(options.store, () =>
    collect({ store, now, onEvent }, { budgetBytes: 0 }),
  );
  const sources = openSources(base, options, { signal, pace });
  const onHealed = (sha256: string) => onEvent({ type: 'chunk-healed', sha256 });
  return {
    model,
    prefix,
    support,
    store,
    sources,
    ledger: openVersionLedger(store, { prefix, model, now }),
    chunks: createChunkStore(store, { sources, signal, onHealed }),
    boot,
    pace,
    maxBytes,
    signal,
    now,
    onEvent,
  };
}

/** The address, then its mirrors. */
function openSources(
  base: string,
  { mirrors = [], request }: DeviceOptions,
  { signal, pace }: { signal: AbortSignal; pace: Pace },
): RepositorySource[] {
  const { origin } = new URL(base);
  return [{ url: base, request }, ...mirrors].map(({ url, request: own }) => {
    // Headers and credentials for one origin are not sent to another.
    const shared = new URL(url).origin === origin ? request : undefined;
    return openRepositorySource(url, { request: own ?? shared, signal, pace });
  });
}

export interface ReadFilesOptions extends ReadFileOptions {
  /** Called when another tab has stored more of the files, with the number of bytes. */
  readonly onElsewhere?: ((sizeBytes: number) => void) | undefined;
}

/**
 * Reads files of a version, fetching what is missing: resumed where an earlier try stopped, and once for all tabs.
 *
 * @param how.read reads them, with options of the version's own `readFiles`
 * @throws NearsideError `download-limit`; trust, network and store codes
 */
export async function readForAllTabs(
  { store, ledger, prefix, model, signal, maxBytes }: ModelOnDevice,
  version: ReadableRelease,
  names: readonly string[],
  {
    onBytes,
    onElsewhere,
    unkept,
    read,
  }: ReadFilesOptions & {
    readonly read: (options: ReadFileOptions) => Promise<Map<string, VerifiedFile>>;
  },
): Promise<Map<string, VerifiedFile>> {
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
  const readCounted = () => read({ onBytes: countArrived, unkept });
  if (missingBytes === 0) return readCounted();
  const lock = `${prefix}/${model}/download`;
  return followLeader(store, lock, readCounted, { signal, remainingBytes, onElsewhere });
}

/** Makes a version the active one, after the named backend has proven it. */
export async function makeActive(
  { ledger, pace }: ModelOnDevice,
  version: ReadableRelease,
  provenBy: string,
): Promise<void> {
  await ledger.activate(entryOf(version, []), provenBy);
  pace.rest();
}

/**
 * Takes off the device what it need not keep.
 *
 * @param heldOnly prefix of keys: of these versions only the active one and the one before it are kept
 * @returns whether anything was taken off the device
 */
export async function collect(
  { store, now, onEvent }: Pick<ModelOnDevice, 'store' | 'now' | 'onEvent'>,
  how: { budgetBytes?: number; heldOnly?: string } = {},
): Promise<boolean> {
  const evicted = await collectGarbage(store, { ...how, nowMs: now() });
  for (const { model, version, sizeBytes } of evicted) {
    onEvent({ type: 'storage-evicted', model, version, sizeBytes });
  }
  return evicted.length > 0;
}

function entryOf(version: ReadableRelease, names: readonly string[]): VersionEntry {
  const { release, bundle } = version;
  return { release, bundle, chunks: version.chunksOf(names), whole: version.wholeFiles() };
}

function overLimit(
  { release: { model, version } }: ReadableRelease,
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
