import {
  chunkPath,
  chunksOf,
  digestOfLayout,
  expectedBundle,
  LAYOUT_FILE,
  LIMITS,
  type Manifest,
  MODEL_KEYS_FIELD,
  maxBodyBytes,
  parseJson,
  parseVersionLayout,
  type Release,
  type RepositorySource,
  type Root,
  type SignedManifest,
  specOfVersion,
  targetPath,
  type VerifiedBytes,
  verifyBundle,
  verifyBytes,
  verifyChunkBody,
} from '@nearside/artifact';
import {
  type Baseline,
  type Chunk,
  type Golden,
  isNearsideError,
  type Layout,
  type ModelSpec,
  NearsideError,
  parseBaseline,
  parseGolden,
} from '@nearside/core';
import { sha256Hex } from '../../files/digests.js';

/** A published version whose bundle and layout verify, as on a device. */
export interface VerifiedVersion {
  readonly release: Release;
  /** Signed, or sealed. */
  readonly manifest: Manifest & Partial<Pick<SignedManifest, 'keyHint'>>;
  readonly layout: Layout;
  /** Every signed file, layout.json among them. */
  readonly files: ReadonlyMap<string, readonly Chunk[]>;
}

/** A published version, or why it cannot be read. */
export type ReadVersion =
  | (VerifiedVersion & { readonly ok: true })
  | { readonly release: Release; readonly ok: false; readonly problem: NearsideError };

/** Reads the signed bundle and the layout of a version. Their errors become part of the result. */
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
  return { release, ...(await readLayout(source, manifest)) };
}

/** Reads the layout of a version whose manifest is verified. Throws as {@link requireVersion}. */
export async function readLayout(
  source: RepositorySource,
  manifest: VerifiedVersion['manifest'],
): Promise<Omit<VerifiedVersion, 'release'>> {
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
  return { manifest, layout, files: new Map(files) };
}

/**
 * Reads and verifies the bundle of a release.
 *
 * @throws NearsideError a trust code when it does not verify
 */
export async function readManifest(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<SignedManifest> {
  const { model, version, sequence } = release;
  const { path, options } = bundleFile(release);
  const bundle = await source.fetch(path, options);
  return verifyBundle(await verifyBytes(bundle, expectedBundle(release)), {
    modelKeys: root[MODEL_KEYS_FIELD],
    release: { model, version, sequence },
  });
}

/** @returns false if `prune` has removed the bundle of a revoked version */
export async function hasBundle(source: RepositorySource, release: Release): Promise<boolean> {
  const { path, options } = bundleFile(release);
  return (await source.fetchIfPresent(path, options)) !== undefined;
}

function bundleFile({ targetName, target }: Release) {
  const options = {
    maxBytes: Math.min(target.length, LIMITS.bundleBytes),
    tooLarge: 'size-mismatch' as const,
  };
  return { path: targetPath(targetName, target.hashes.sha256), options };
}

/** A chunk as a file of a repository. */
export interface ChunkFile {
  readonly path: string;
  /** The bytes from the server, gzip if they are stored so. */
  readonly stored: Uint8Array<ArrayBuffer>;
  /** The bytes that hash to its name. */
  readonly content: VerifiedBytes;
}

/**
 * Reads one chunk of a repository and verifies it as a device does.
 *
 * @param what its name in messages
 * @throws NearsideError `file-missing`, a network code, `digest-mismatch` or `size-mismatch`
 */
export async function readChunkFile(
  source: RepositorySource,
  [sha256, sizeBytes, gzipBytes]: Chunk,
  what: string,
): Promise<ChunkFile> {
  const chunk = { sha256, sizeBytes, gzipBytes, what };
  const path = chunkPath(sha256, { gzip: gzipBytes !== undefined });
  const stored = await source.fetch(path, {
    maxBytes: maxBodyBytes(chunk),
    tooLarge: 'size-mismatch',
  });
  return { path, stored, content: await verifyChunkBody(stored, chunk) };
}

/**
 * The model.json of a published version, as devices parse it.
 *
 * @throws NearsideError a trust code, `file-missing` or a network code
 */
export async function readSpec(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<ModelSpec> {
  return specOfVersion(await readJson(source, version, 'model.json'), version.manifest);
}

/** Its golden.json. Throws as {@link readSpec}. */
export async function readGolden(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<Golden> {
  return parseGolden(await readJson(source, version, 'golden.json'));
}

/** Its baseline.json. Throws as {@link readSpec}. */
export async function readBaseline(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<Baseline> {
  return parseBaseline(await readJson(source, version, 'baseline.json'));
}

async function readJson(
  source: RepositorySource,
  { layout, manifest }: VerifiedVersion,
  name: string,
): Promise<unknown> {
  const parts: Uint8Array[] = [];
  for (const chunk of chunksOf(layout, manifest, name)) {
    parts.push((await readChunkFile(source, chunk, name)).content);
  }
  const bytes = Buffer.concat(parts);
  requireDigest(name, manifest.files.get(name), sha256Hex(bytes));
  return parseJson(bytes, { code: 'metadata-malformed', what: name });
}

/**
 * Compares the digest of a whole file with the bundle, whatever its layout says.
 *
 * @throws NearsideError `bundle-mismatch`
 */
export function requireDigest(what: string, expected: string | undefined, got: string): void {
  if (got === expected) return;
  throw new NearsideError(
    'bundle-mismatch',
    `${what}: expected its chunks to make the file that the bundle signs, SHA-256 ${expected}, ` +
      `got ${got}. Publish a new version.`,
    { details: { expected, got } },
  );
}
