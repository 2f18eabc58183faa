import {
  type BootFile,
  bootPath,
  LIMITS,
  modelNames,
  type Release,
  type RepositorySource,
  releasesOf,
  rootPath,
  snapshotPath,
  TIMESTAMP_PATH,
  type TrustedMetadata,
  targetPath,
  targetsPath,
} from '@nearside/artifact';
import type { Chunk } from '@nearside/core';
import { compressSlice } from '../../packing/compress-slice.js';
import { isForEveryone } from '../checking/release-rules.js';
import { ifUsable, type RepositoryState } from '../reading/read-repository.js';
import {
  type ChunkFile,
  readChunkFile,
  readGolden,
  readSpec,
  requireVersion,
  type VerifiedVersion,
} from '../reading/read-version.js';
import { firstFiles, fitsFirstRequest } from './first-request.js';
import type { RepositoryWriter } from './repository-writer.js';

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Writes `boot/<model>.json` of every model: one file with the bytes that a first open would otherwise fetch one
 * after another. It needs no trust and holds nothing new, so it is not signed. Every change of metadata must write it
 * again, last; an old one only costs devices time. A model without a version for all devices has none.
 *
 * @param state the repository as it is now
 */
export async function writeBootFiles(
  source: RepositorySource,
  { trusted }: RepositoryState,
  writer: RepositoryWriter,
): Promise<void> {
  const models = trusted.targets ? modelNames(trusted.targets.signed) : [];
  const kept = new Set<string>();
  for (const model of models) {
    const bytes = await composeBootFile(source, trusted, model);
    if (!bytes) continue;
    kept.add(bootPath(model));
    await writer.write(bootPath(model), bytes);
  }
  for (const name of await writer.list('boot')) {
    if (!kept.has(`boot/${name}`)) await writer.remove(`boot/${name}`);
  }
}

/**
 * Composes the boot file of one model. The same repository gives the same bytes.
 *
 * @returns undefined if no version is offered to every device, or it is incomplete
 */
export async function composeBootFile(
  source: RepositorySource,
  trusted: TrustedMetadata,
  model: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // A boot file must not make another change fail. `verify` and `inspect` say what is wrong.
  return ifUsable(async () => {
    const offered = trusted.targets ? releasesOf(trusted.targets.signed, model) : [];
    const release = offered.find(isForEveryone);
    return release && (await compose(source, trusted, release));
  });
}

async function compose(
  source: RepositorySource,
  trusted: TrustedMetadata,
  release: Release,
): Promise<Uint8Array<ArrayBuffer>> {
  const version = await requireVersion(source, trusted.root, release);
  const files = new Map([
    ...metadataFiles(trusted),
    ...(await bundleFile(source, release)),
    ...(await smallFiles(source, version)),
  ]);
  return encodeWithinLimits(files);
}

/** Metadata files in the order of the walk that they replace. */
function metadataFiles({ rootChain, timestamp, snapshot, targets }: TrustedMetadata): Files {
  const files = new Map<string, Uint8Array>();
  for (const [i, root] of rootChain.entries()) files.set(rootPath(i + 1), root);
  if (timestamp) files.set(TIMESTAMP_PATH, timestamp.raw);
  if (snapshot) files.set(snapshotPath(snapshot.signed.version), snapshot.raw);
  if (targets) files.set(targetsPath(targets.signed.version), targets.raw);
  return files;
}

async function bundleFile(
  source: RepositorySource,
  { targetName, target }: Release,
): Promise<Files> {
  const path = targetPath(targetName, target.hashes.sha256);
  return new Map([[path, await source.fetch(path, { maxBytes: target.length })]]);
}

async function smallFiles(source: RepositorySource, version: VerifiedVersion): Promise<Files> {
  const names = firstFiles(await readSpec(source, version), await readGolden(source, version));
  const stored = new Map<string, Uint8Array>();
  for (const name of names) {
    for (const chunk of version.files.get(name) ?? []) {
      if ((chunk[2] ?? chunk[1]) > LIMITS.bootBytes) continue;
      const file = await readChunkFile(source, chunk, name);
      stored.set(file.path, asWritten(file, chunk));
    }
  }
  return stored;
}

/** A server may have decoded gzip on the way. The same content gives the same gzip bytes again. */
function asWritten({ stored, content }: ChunkFile, [, sizeBytes, gzipBytes]: Chunk): Uint8Array {
  const isDecoded = gzipBytes !== undefined && stored.length === sizeBytes;
  return (isDecoded ? compressSlice(content) : undefined) ?? stored;
}

/** Encodes all files, or if they are too large, file by file without those that do not fit. */
async function encodeWithinLimits(files: Files): Promise<Uint8Array<ArrayBuffer>> {
  const all = encode(files);
  if (fitsFirstRequest(all)) return all;
  let encoded = encode(new Map());
  const chosen = new Map<string, Uint8Array>();
  for (const [path, bytes] of files) {
    const tried = encode(new Map([...chosen, [path, bytes]]));
    if (!fitsFirstRequest(tried)) continue;
    chosen.set(path, bytes);
    encoded = tried;
  }
  return encoded;
}

function encode(files: Files): Uint8Array<ArrayBuffer> {
  const entries = [...files].map(([path, bytes]) => [path, asText(Buffer.from(bytes))]);
  const boot: BootFile = { format: 1, files: Object.fromEntries(entries) };
  return new TextEncoder().encode(JSON.stringify(boot));
}

/** JSON as it is: gzip packs its text better than its base64. All else in base64. */
function asText(bytes: Buffer): string {
  const text = bytes.toString();
  const isJson = text.startsWith('{') && Buffer.from(text).equals(bytes);
  return isJson ? text : bytes.toString('base64');
}
