import {
  chunkPath,
  type Manifest,
  type Release,
  type RepositorySource,
  type Root,
  verifyBytes,
} from '@nearside/artifact';
import {
  type Chunk,
  isNearsideError,
  type Layout,
  NearsideError,
  parseLayout,
} from '@nearside/core';
import { LAYOUT_FILE } from '../../packing/lay-out-files.js';
import { readManifest } from './read-manifest.js';

/** A published version as it was signed, or why it cannot be read. */
export type ReadVersion = { readonly release: Release } & (
  | {
      readonly ok: true;
      readonly manifest: Manifest;
      readonly layout: Layout;
      /** Every signed file, layout.json among them. */
      readonly files: ReadonlyMap<string, Chunks>;
    }
  | { readonly ok: false; readonly problem: NearsideError }
);

type Chunks = readonly Chunk[];

/** As large a layout as devices accept. */
const MAX_LAYOUT_BYTES = 4 * 1024 * 1024;

/** Reads the signed bundle and the layout of a version; what is wrong with them is a result. */
export async function readVersion(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<ReadVersion> {
  try {
    const manifest = await readManifest(source, root, release);
    return { release, ok: true, manifest, ...(await readLayout(source, manifest)) };
  } catch (error) {
    if (isNearsideError(error)) return { release, ok: false, problem: error };
    throw error;
  }
}

async function readLayout(
  source: RepositorySource,
  manifest: Manifest,
): Promise<{ layout: Layout; files: ReadonlyMap<string, Chunks> }> {
  const sha256 = manifest.files.get(LAYOUT_FILE) ?? '';
  const bytes = await source.fetch(chunkPath(sha256, { gzip: false }), {
    maxBytes: MAX_LAYOUT_BYTES,
    tooLarge: 'size-mismatch',
  });
  const verified = await verifyBytes(bytes, { what: LAYOUT_FILE, sha256 });
  const layout = parseLayout(JSON.parse(new TextDecoder().decode(verified)));
  const files = new Map<string, Chunks>();
  for (const name of manifest.files.keys()) {
    const chunks = name === LAYOUT_FILE ? [[sha256, bytes.length] as Chunk] : layout.files[name];
    if (!chunks) throw notLaidOut(name);
    files.set(name, chunks);
  }
  return { layout, files };
}

function notLaidOut(name: string): NearsideError {
  return new NearsideError(
    'bundle-mismatch',
    `Expected ${LAYOUT_FILE} to list every signed file, got one without '${name}'.`,
    { details: { file: name } },
  );
}
