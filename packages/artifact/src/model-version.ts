import {
  type Chunk,
  type Golden,
  type Layout,
  type ModelSpec,
  NearsideError,
  parseGolden,
  parseLayout,
  parseModelSpec,
} from '@nearside/core';
import type { ChunkStore } from './chunks/chunk-store.js';
import { LIMITS } from './limits.js';
import { mapLimited } from './map-limited.js';
import type { Manifest, ReleaseIdentity } from './oms/verify-bundle.js';
import { parseJson } from './parse-json.js';
import { joinVerified, type VerifiedBytes } from './verified-bytes.js';

/** One verified model version, whose files are read on demand and re-hashed at every read. */
export interface ModelVersion {
  readonly release: ReleaseIdentity;
  /** SHA-256 of the signed bundle, in hex. */
  readonly manifestSha256: string;
  readonly spec: ModelSpec;
  readonly golden: Golden;
  /** Reads a whole file of the version. */
  readFile(name: string, options?: ReadFileOptions): Promise<VerifiedBytes>;
  /** SHA-256 of a file as signed, or undefined when the version has no such file. */
  digestOf(name: string): string | undefined;
  /** Bytes of these files that are not stored yet, as they would cross the network. */
  missingBytes(names: readonly string[]): Promise<number>;
}

export interface ReadFileOptions {
  readonly onBytes?: ((sizeBytes: number) => void) | undefined;
}

/**
 * Opens a version from its verified manifest: the layout under the digest the manifest gives, and
 * through it the spec and the golden cases.
 */
export async function openModelVersion(
  manifest: Manifest,
  chunks: ChunkStore,
): Promise<ModelVersion> {
  const layout = await readLayout(manifest, chunks);

  async function readFile(name: string, { onBytes }: ReadFileOptions = {}): Promise<VerifiedBytes> {
    const slices = chunksOf(layout, manifest, name);
    return joinVerified(
      await mapLimited(slices, LIMITS.parallelChunks, ([sha256, sizeBytes, gzipBytes], i) =>
        chunks.read({
          sha256,
          sizeBytes,
          gzipBytes,
          what: sliceTitle(name, i, slices.length),
          onBytes,
        }),
      ),
    );
  }

  async function readJson(name: string): Promise<unknown> {
    return parseJson(await readFile(name), { code: 'metadata-malformed', what: name });
  }

  return {
    release: manifest.release,
    manifestSha256: manifest.sha256,
    spec: requireSameRelease(parseModelSpec(await readJson('model.json')), manifest.release),
    golden: parseGolden(await readJson('golden.json')),
    readFile,
    digestOf: (name) => manifest.files.get(name),
    async missingBytes(names) {
      const wanted = names.flatMap((name) => chunksOf(layout, manifest, name));
      const sizes = await Promise.all(
        wanted.map(async ([sha256, sizeBytes, gzipBytes]) =>
          (await chunks.has(sha256)) ? 0 : (gzipBytes ?? sizeBytes),
        ),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    },
  };
}

/** layout.json is the one file that is not in the layout: it is fetched as one chunk. */
async function readLayout(manifest: Manifest, chunks: ChunkStore): Promise<Layout> {
  const sha256 = manifest.files.get('layout.json');
  if (!sha256) throw missingFile(manifest, 'layout.json');
  const raw = await chunks.read({ sha256, what: 'layout.json' });
  return parseLayout(parseJson(raw, { code: 'metadata-malformed', what: 'layout.json' }));
}

/**
 * The slices of a file. Layout and manifest are signed together; where a file is one slice, their
 * digests must be the same, and where it is many, each slice's digest is what is checked.
 */
function chunksOf(layout: Layout, manifest: Manifest, name: string): readonly Chunk[] {
  const signed = manifest.files.get(name);
  const slices = Object.hasOwn(layout.files, name) ? layout.files[name] : undefined;
  if (!signed || !slices) throw missingFile(manifest, name);
  if (slices.length === 1 && slices[0]?.[0] !== signed) {
    throw new NearsideError(
      'bundle-mismatch',
      `${name}: expected layout.json and the signed bundle to agree on its digest, got ` +
        `${slices[0]?.[0]} and ${signed}.`,
      { details: { file: name } },
    );
  }
  return slices;
}

function missingFile({ release }: Manifest, name: string): NearsideError {
  return new NearsideError(
    'bundle-mismatch',
    `Expected ${release.model} ${release.version} to contain '${name}', got a version without it.`,
    { details: { ...release, file: name } },
  );
}

function requireSameRelease(spec: ModelSpec, release: ReleaseIdentity): ModelSpec {
  if (
    spec.name === release.model &&
    spec.version === release.version &&
    spec.sequence === release.sequence
  ) {
    return spec;
  }
  throw new NearsideError(
    'bundle-mismatch',
    `model.json: expected ${release.model} ${release.version} (sequence ${release.sequence}), got ` +
      `${spec.name} ${spec.version} (sequence ${spec.sequence}).`,
    { details: { ...release } },
  );
}

function sliceTitle(name: string, index: number, count: number): string {
  return count === 1 ? name : `${name}, chunk ${index + 1} of ${count}`;
}
