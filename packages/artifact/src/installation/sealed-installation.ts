import { isNearsideError, NearsideError, VersionSchema } from '@nearside/core';
import * as v from 'valibot';
import type { ChunkStore } from '../chunks/chunk-store.js';
import { integrityOf, sequenceOfSeal } from '../integrity.js';
import { LIMITS } from '../limits.js';
import { openModelVersion } from '../model-version.js';
import { askInRounds } from '../network/mirrors.js';
import { pastCache } from '../network/past-cache.js';
import type { FetchOptions, RepositorySource } from '../network/repository-source.js';
import { parseJson } from '../parse-json.js';
import { isSupported, unsupported } from '../release.js';
import { chunkPath, SEALS_PATH, sealPath } from '../repository-paths.js';
import { type ReadSeal, readSeal } from '../seal.js';
import { type ExpectedBytes, type VerifiedBytes, verifyBytes } from '../verified-bytes.js';
import type { ModelInstallation } from './model-installation.js';
import {
  collect,
  type DeviceOptions,
  type ModelOnDevice,
  makeActive,
  openOnDevice,
  readForAllTabs,
} from './model-on-device.js';
import { describingChunks, type OpenedRelease, type ReadableRelease } from './opened-release.js';
import { addressPrefix, versionPrefix } from './record-keys.js';
import { reportStorage } from './storage-report.js';

export interface SealedOptions extends DeviceOptions {
  /** SHA-256 in hex of the seal that the page names. */
  readonly sealSha256: string;
}

export interface SealedModel extends ModelOnDevice {
  readonly sealSha256: string;
  /** The folder with `seals/` and `chunks/`; ends with a slash. */
  readonly folder: string;
}

/**
 * Installs the one version that a page names by the hash of its seal. No other version stands in for it, and nobody is
 * asked for a newer one. The store keeps the seal, so that a later visit asks nobody at all.
 */
export async function openSealedInstallation(options: SealedOptions): Promise<ModelInstallation> {
  const model = await openFolder(options);
  const { store } = model;
  return {
    open() {
      model.pace.watch();
      return openSealed(model);
    },
    openPrevious: async () => undefined,
    openServed: () => openSealed(model),
    openCandidate: () => openSealed(model),
    openShadow: () => openSealed(model),
    readFiles: (version, names, how) =>
      readForAllTabs(model, version, names, {
        ...how,
        read: (options) => version.readFiles(names, options),
      }),
    activate: (version, provenBy) => activate(model, version, provenBy),
    check: async () => ({ next: undefined, isRevoked: false, shadow: undefined }),
    spendTry: async () => undefined,
    reject: async () => {},
    storage: () => reportStorage(store, model),
    close: () => store.close(),
  };
}

export async function openFolder(options: SealedOptions): Promise<SealedModel> {
  const { address, sealSha256 } = options;
  const folder = `${address.repository}${address.model}/`;
  const prefix = await addressPrefix(address);
  return { ...openOnDevice(options, { base: folder, prefix }), sealSha256, folder };
}

async function openSealed(model: SealedModel): Promise<OpenedRelease> {
  const { bundle, record, read } = await takeSeal(model);
  const { manifest, isCommon } = read;
  if (!isSupported(read, model.support)) throw unsupported(model.model, [manifest.release]);
  const chunks = await openChunks(model, { bundle, read });
  return {
    ...(await openModelVersion(manifest, chunks, { whole: record?.whole })),
    origin: record?.state === 'proven' ? 'store' : 'network',
    assignment: undefined,
    isCommon,
    bundle,
    provenBy: record?.provenBy ?? [],
  };
}

/** Reads the seal that the page names, and what the store knows of its version. */
export async function takeSeal(model: SealedModel) {
  const { sealSha256 } = model;
  const record = await model.ledger.record(sequenceOfSeal(sealSha256));
  const bundle = await findSeal(model, record?.bundle);
  return { bundle, record, read: readSeal(bundle, { sha256: sealSha256, model: model.model }) };
}

/** Opens the chunks of a sealed version, which is marked before the first arrives: so no other tab's collection removes that. */
export async function openChunks(
  { ledger, chunks }: SealedModel,
  { bundle, read }: Pick<Awaited<ReturnType<typeof takeSeal>>, 'bundle' | 'read'>,
): Promise<ChunkStore> {
  const { manifest } = read;
  await ledger.remember({
    release: manifest.release,
    bundle,
    chunks: describingChunks(manifest),
  });
  return chunks.withFiles(inlineFiles(read));
}

function inlineFiles({ inline }: ReadSeal): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([...inline].map(([sha256, chunk]) => [chunkPath(sha256, { gzip: false }), chunk]));
}

/** Takes the seal from the store or from what the page was answered, if either has it; else from the network. */
async function findSeal(
  model: SealedModel,
  stored: Uint8Array<ArrayBuffer> | undefined,
): Promise<VerifiedBytes> {
  const { sealSha256, boot } = model;
  const expected = { what: `the seal of '${model.model}'`, sha256: sealSha256 };
  for (const bytes of [stored, boot?.raw]) {
    const verified = bytes && (await verifyBytes(bytes, expected).catch(() => undefined));
    if (verified) return verified;
  }
  return fetchSeal(model, expected);
}

async function fetchSeal(model: SealedModel, expected: ExpectedBytes): Promise<VerifiedBytes> {
  const { sources, signal } = model;
  const path = sealPath(expected.sha256);
  const limits = { maxBytes: LIMITS.bundleBytes } as const;
  const askFrom = async (source: RepositorySource, past: Pick<FetchOptions, 'cache'>) => {
    const bytes = await source.fetchIfPresent(path, { ...limits, ...past });
    if (!bytes) throw notFound(model, NOTHING_OFFERED);
    return verifyBytes(bytes, expected);
  };
  const ask = (source: RepositorySource) => pastCache((past) => askFrom(source, past));
  try {
    return await askInRounds(sources, ask, { signal });
  } catch (error) {
    if (!isNearsideError(error) || error.code !== 'model-not-found') throw error;
    throw notFound(model, await readOffered(model));
  }
}

const LISTED = { version: VersionSchema, integrity: v.pipe(v.string(), v.maxLength(64)) };

/** `nearside.json`, as far as a message needs it. The latest comes last. */
const OfferedSchema = v.looseObject({ seals: v.array(v.looseObject(LISTED)) });

type Offered = v.InferOutput<typeof OfferedSchema>;

const NOTHING_OFFERED: Offered = { seals: [] };

/** Reads which seals lie at the address; it is for the message alone, so what cannot be read offers nothing. */
async function readOffered({ sources }: SealedModel): Promise<Offered> {
  const what = { code: 'metadata-malformed', what: SEALS_PATH } as const;
  try {
    const limits = { maxBytes: LIMITS.bundleBytes, cache: 'no-cache' } as const;
    const bytes = await sources[0]?.fetchIfPresent(SEALS_PATH, limits);
    return bytes ? v.parse(OfferedSchema, parseJson(bytes, what)) : NOTHING_OFFERED;
  } catch {
    return NOTHING_OFFERED;
  }
}

function notFound({ model, sealSha256, folder }: SealedModel, { seals }: Offered): NearsideError {
  const integrity = integrityOf(sealSha256);
  const offered = seals.slice(-MOST_NAMED).map((one) => `${one.version} (${one.integrity})`);
  const isNamed = seals.some((one) => one.integrity === integrity);
  const got = isNamed
    ? 'got none, though `nearside.json` there names it: upload all of the folder.'
    : offered.length === 0
      ? 'got none, and no `nearside.json` that names others: is there a sealed model at this address? A published one is opened with `trust`.'
      : `got a folder that offers ${offered.join(', ')}, the latest last. Was the model ` +
        'deployed without its page, or the page without its model?';
  return new NearsideError(
    'model-not-found',
    `Expected the seal ${integrity} of '${model}' as ${folder}${sealPath(sealSha256)}, ${got}`,
    { details: { model, integrity, offered: seals.map((one) => one.integrity) } },
  );
}

/** A message names so many seals, the newest. */
const MOST_NAMED = 4;

export async function activate(
  model: SealedModel,
  version: ReadableRelease,
  provenBy: string,
): Promise<void> {
  await makeActive(model, version, provenBy);
  // The version before is kept, because a page that is still open, or comes from a cache, may name it.
  const heldOnly = versionPrefix(model.prefix, model.model);
  void collect(model, { heldOnly }).catch(() => {}); // the next collection takes what this one could not
}
