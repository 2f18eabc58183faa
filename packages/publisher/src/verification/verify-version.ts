import { createHash } from 'node:crypto';
import {
  chunkPath,
  chunksOf,
  type Release,
  type RepositorySource,
  type Root,
  requireFewRepeats,
  variantFiles,
} from '@nearside/artifact';
import type { Chunk } from '@nearside/core';
import {
  readBaseline,
  readChunkFile,
  readGolden,
  readSpec,
  requireDigest,
  requireVersion,
  type VerifiedVersion,
} from '../repository/reading/read-version.js';
import { collect, type Problem } from './problem.js';

export interface VersionCheck {
  readonly source: RepositorySource;
  readonly problems: Problem[];
  /** SHA-256 of every chunk read so far → its bytes as they crossed the network. */
  readonly chunks: Map<string, number>;
  /** Files that were found right. Versions share most of their files. */
  readonly files: Set<string>;
  readonly onFile: (release: Release, file: string) => void;
}

/**
 * Compares every byte of a version with the signed digests: bundle, layout, chunks, and whole files.
 *
 * @returns the version if bundle and layout verify; its files may have problems
 */
export async function verifyVersion(
  check: VersionCheck,
  root: Root,
  release: Release,
): Promise<VerifiedVersion | undefined> {
  const version = await collect(check.problems, titleOf(release), () =>
    requireVersion(check.source, root, release),
  );
  if (version) await verifyFiles(check, version);
  return version;
}

/** Compares every file with its digest. Then it parses the files that devices parse before they run it. */
export async function verifyFiles(check: VersionCheck, version: VerifiedVersion): Promise<void> {
  const { release, manifest, files } = version;
  const sound = new Set<string>();
  for (const [name, chunks] of files) {
    const sha256 = manifest.files.get(name) ?? '';
    const file = { title: `${titleOf(release)}, ${name}`, sha256, chunks };
    if (await verifyFile(check, file)) sound.add(name);
    check.onFile(release, name);
  }
  await verifyDescription(check, version, sound);
}

function titleOf({ model, version }: Release): string {
  return `${model} ${version}`;
}

/** @returns true if it is as signed */
async function verifyFile(
  { source, problems, chunks: seen, files }: VersionCheck,
  { title, sha256, chunks }: { title: string; sha256: string; chunks: readonly Chunk[] },
): Promise<boolean> {
  const identity = [sha256, ...chunks.map(([chunk]) => chunk)].join();
  if (files.has(identity)) return true;
  const hash = createHash('sha256');
  let isWhole = true;
  let read: Awaited<ReturnType<typeof readChunkFile>> | undefined;
  for (const [i, chunk] of chunks.entries()) {
    const what = `${title}, ${chunkPath(chunk[0], { gzip: chunk[2] !== undefined })}`;
    // A repeated chunk in a row is read once: zeros in honest files, anything in others.
    const isRepeated = String(chunk) === String(chunks[i - 1]);
    if (!isRepeated)
      read = await collect(problems, what, () => readChunkFile(source, chunk, title));
    if (read) seen.set(chunk[0], read.stored.length);
    if (read) hash.update(read.content);
    else isWhole = false;
  }
  if (!isWhole) return false;
  const got = hash.digest('hex');
  await collect(problems, title, () => requireDigest(title, sha256, got));
  if (got === sha256) files.add(identity);
  return got === sha256;
}

/** Wrong bytes of a file are a problem already. */
async function verifyDescription(
  { source, problems }: VersionCheck,
  version: VerifiedVersion,
  sound: ReadonlySet<string>,
): Promise<void> {
  const { release, manifest, layout, files } = version;
  const title = titleOf(release);
  const parse = async <Value>(name: string, read: () => Promise<Value>) => {
    if (files.has(name) && !sound.has(name)) return undefined;
    return collect(problems, `${title}, ${name}`, read);
  };
  const spec = await parse('model.json', () => readSpec(source, version));
  const golden = await parse('golden.json', () => readGolden(source, version));
  if (files.has('baseline.json')) {
    await parse('baseline.json', () => readBaseline(source, version));
  }
  if (!spec || !golden) return;
  await collect(problems, `${title}, layout.json`, () => requireFewRepeats(layout, spec, golden));
  for (const variant of spec.variants) {
    await collect(problems, `${title}, variant '${variant.name}'`, () => {
      for (const name of variantFiles(spec, variant, golden)) chunksOf(layout, manifest, name);
    });
  }
}
