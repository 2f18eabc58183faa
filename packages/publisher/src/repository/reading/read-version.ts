import {
  chunkPath,
  chunksOf,
  digestOfLayout,
  LAYOUT_FILE,
  type Manifest,
  maxBodyBytes,
  parseVersionLayout,
  type Release,
  type RepositorySource,
  type Root,
  verifyChunkBody,
} from '@nearside/artifact';
import { type Chunk, isNearsideError, type Layout, type NearsideError } from '@nearside/core';
import { readManifest } from './read-manifest.js';

/** A published version as it was signed: bundle and layout verify, as on a device. */
export interface VerifiedVersion {
  readonly release: Release;
  readonly manifest: Manifest;
  readonly layout: Layout;
  /** Every signed file, layout.json among them. */
  readonly files: ReadonlyMap<string, readonly Chunk[]>;
}

/** A published version, or why it cannot be read. */
export type ReadVersion =
  | (VerifiedVersion & { readonly ok: true })
  | { readonly release: Release; readonly ok: false; readonly problem: NearsideError };

/** Reads the signed bundle and the layout of a version; what is wrong with them is a result. */
export async function readVersion(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<ReadVersion> {
  try {
    return { ok: true, ...(await requireVersion(source, root, release)) };
  } catch (error) {
    if (isNearsideError(error)) return { release, ok: false, problem: error };
    throw error;
  }
}

/** @throws NearsideError a trust code, `file-missing` or a network code */
export async function requireVersion(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<VerifiedVersion> {
  const manifest = await readManifest(source, root, release);
  const layoutChunk = { sha256: digestOfLayout(manifest), what: LAYOUT_FILE };
  const body = await source.fetch(chunkPath(layoutChunk.sha256, { gzip: false }), {
    maxBytes: maxBodyBytes(layoutChunk),
    tooLarge: 'size-mismatch',
  });
  const layout = parseVersionLayout(await verifyChunkBody(body, layoutChunk));
  const files = [...manifest.files.keys()].map((name): [string, readonly Chunk[]] => [
    name,
    name === LAYOUT_FILE ? [[layoutChunk.sha256, body.length]] : chunksOf(layout, manifest, name),
  ]);
  return { release, manifest, layout, files: new Map(files) };
}
