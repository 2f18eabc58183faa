import { createHash } from 'node:crypto';
import { chunkPath, type Release, type RepositorySource, type Root } from '@nearside/artifact';
import { type Chunk, type Layout, NearsideError, parseModelSpec } from '@nearside/core';
import { readChunk } from '../repository/reading/read-chunk.js';
import { readVersion } from '../repository/reading/read-version.js';
import { collect, type Problem } from './problem.js';

/** A version whose bundle and layout verify; its files may have problems. */
export interface CheckedVersion {
  readonly release: Release;
  readonly layout: Layout;
}

export interface VersionCheck {
  readonly source: RepositorySource;
  readonly problems: Problem[];
  /** SHA-256 of every chunk read so far → its bytes as they crossed the network. */
  readonly chunks: Map<string, number>;
  /** Files found to be what is signed: versions share most of theirs. */
  readonly files: Set<string>;
  readonly onFile: (release: Release, file: string) => void;
}

/**
 * Compares every byte of a version with what is signed: bundle, layout, chunks, and the files that
 * they make.
 */
export async function verifyVersion(
  check: VersionCheck,
  root: Root,
  release: Release,
): Promise<CheckedVersion | undefined> {
  const title = `${release.model} ${release.version}`;
  const read = await readVersion(check.source, root, release);
  if (!read.ok) {
    const { code, message } = read.problem;
    check.problems.push({ what: title, code, message });
    return undefined;
  }
  for (const [name, chunks] of read.files) {
    const sha256 = read.manifest.files.get(name) ?? '';
    const content = await verifyFile(check, { title: `${title}, ${name}`, sha256, chunks });
    if (content && name === 'model.json') {
      await collect(check.problems, `${title}, ${name}`, () => requireSame(content, release));
    }
    check.onFile(release, name);
  }
  return { release, layout: read.layout };
}

/** @returns the file's bytes where it was read now and is small */
async function verifyFile(
  { source, problems, chunks: seen, files }: VersionCheck,
  { title, sha256, chunks }: { title: string; sha256: string; chunks: readonly Chunk[] },
): Promise<Buffer | undefined> {
  const identity = [sha256, ...chunks.map(([chunk]) => chunk)].join();
  if (files.has(identity)) return undefined;
  const hash = createHash('sha256');
  let whole = true;
  let content: Buffer | undefined;
  for (const chunk of chunks) {
    const what = `${title}, ${chunkPath(chunk[0], { gzip: chunk[2] !== undefined })}`;
    const read = await collect(problems, what, () => readChunk(source, chunk, title));
    if (read) seen.set(chunk[0], read.stored.length);
    if (read) hash.update(read.content);
    else whole = false;
    content = read && chunks.length === 1 ? Buffer.from(read.content) : undefined;
  }
  if (!whole) return undefined;
  const got = hash.digest('hex');
  await collect(problems, title, () => requireDigest(title, sha256, got));
  if (got === sha256) files.add(identity);
  return content;
}

function requireDigest(title: string, expected: string, got: string): void {
  if (got === expected) return;
  throw new NearsideError(
    'bundle-mismatch',
    `${title}: expected its chunks to make the file that the bundle signs, SHA-256 ${expected}, ` +
      `got ${got}. Publish a new version.`,
    { details: { expected, got } },
  );
}

function requireSame(content: Buffer, { model, version, sequence }: Release): void {
  const spec = parseModelSpec(JSON.parse(content.toString('utf8')));
  if (spec.name === model && spec.version === version && spec.sequence === sequence) return;
  throw new NearsideError(
    'bundle-mismatch',
    `model.json: expected ${model} ${version} (sequence ${sequence}), got ${spec.name} ` +
      `${spec.version} (sequence ${spec.sequence}).`,
    { details: { model, version, sequence } },
  );
}
