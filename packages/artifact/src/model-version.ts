import {
  type Golden,
  type Layout,
  type ModelSpec,
  NearsideError,
  parseGolden,
  parseModelSpec,
} from '@nearside/core';
import { joinChunks, type VerifiedFile } from './chunked-file.js';
import type { ChunkRequest } from './chunks/chunk-body.js';
import { pairChunks } from './chunks/chunk-deltas.js';
import type { ChunkStore } from './chunks/chunk-store.js';
import { hashPieces } from './hash-pieces.js';
import { LIMITS } from './limits.js';
import { mapLimited } from './map-limited.js';
import {
  isSameRelease,
  type Manifest,
  type ReleaseIdentity,
  releaseTitle,
} from './oms/verify-bundle.js';
import { parseJson } from './parse-json.js';
import type { VerifiedBytes } from './verified-bytes.js';
import {
  chunksOf,
  digestOfLayout,
  LAYOUT_FILE,
  parseVersionLayout,
  requireDescribing,
  requireFewRepeats,
  requireWhole,
} from './version-layout.js';

/** The files of a verified version, read on demand and re-hashed at every read. */
export interface VersionFiles {
  readonly release: ReleaseIdentity;
  /** SHA-256 of the signed bundle or the seal, in hex. */
  readonly manifestSha256: string;
  readonly layout: Layout;
  /** Reads a file as a whole. */
  readFile(name: string): Promise<VerifiedBytes>;
  /**
   * Fetches what is missing of several files, and keeps what it has read until somebody takes it. The number under way
   * at the same time is limited.
   */
  readFiles(
    names: readonly string[],
    options?: ReadFileOptions,
  ): Promise<Map<string, VerifiedFile>>;
  /** SHA-256 of a file as signed, or undefined when the version has no such file. */
  digestOf(name: string): string | undefined;
  /** Bytes of these files that are not stored yet, as they would cross the network without deltas. */
  missingBytes(names: readonly string[]): Promise<number>;
  /** Distinct chunks of these files and of those that were read at the opening. */
  chunksOf(names: readonly string[]): [sha256: string, sizeBytes: number][];
  /** Files that need no hash as a whole any more. The next opening takes them. */
  wholeFiles(): WholeFiles;
}

/** One verified model version. */
export interface ModelVersion extends VersionFiles {
  readonly spec: ModelSpec;
  readonly golden: Golden;
}

/** Files whose chunks together were found to be the signed file. The chunks are still checked at every read. */
export interface WholeFiles {
  /** SHA-256 in hex of the bundle, or of the seal. That vouches for the layout and the digests of the files, so it names both. */
  readonly manifestSha256: string;
  readonly names: readonly string[];
}

export interface ReadFileOptions {
  readonly onBytes?: ((sizeBytes: number) => void) | undefined;
  /** These files are not kept in memory: what the store has of them is read when somebody takes it. */
  readonly unkept?: readonly string[] | undefined;
}

export interface OpenVersionOptions {
  /** The layout of a stored version that the repository offers deltas from. */
  readonly older?: Layout | undefined;
  /** The files that an earlier opening found to be whole. */
  readonly whole?: WholeFiles | undefined;
}

/**
 * Opens a version from its verified manifest: first its files, and through them the spec and the golden cases.
 *
 * @throws NearsideError trust, network and store codes
 */
export async function openModelVersion(
  manifest: Manifest,
  chunks: ChunkStore,
  options?: OpenVersionOptions,
): Promise<ModelVersion> {
  const files = await openVersionFiles(manifest, chunks, options);
  const { layout } = files;

  async function readJson(name: string): Promise<unknown> {
    requireDescribing(chunksOf(layout, manifest, name), name);
    return parseJson(await files.readFile(name), { code: 'metadata-malformed', what: name });
  }

  const described = await Promise.all(DESCRIBING_FILES.map(readJson));
  const spec = specOfVersion(described[0], manifest);
  const golden = parseGolden(described[1]);
  requireFewRepeats(layout, spec, golden);
  return {
    ...files,
    spec,
    golden,
    chunksOf: (names) => files.chunksOf([...names, ...DESCRIBING_FILES]),
  };
}

/**
 * Opens the files of a version by the layout, whose digest the manifest gives.
 *
 * @throws NearsideError trust, network and store codes
 */
export async function openVersionFiles(
  manifest: Manifest,
  chunks: ChunkStore,
  { older, whole }: OpenVersionOptions = {},
): Promise<VersionFiles> {
  const { layout, layoutChunk } = await readLayout(manifest, chunks);
  const deltas = older && pairChunks(layout, older);
  const wholeNames = new Set(whole?.manifestSha256 === manifest.sha256 ? whole.names : []);

  async function openFile(
    name: string,
    { onBytes, unkept }: ReadFileOptions = {},
  ): Promise<VerifiedFile> {
    const slices = chunksOf(layout, manifest, name);
    const requests = slices.map(([sha256, sizeBytes, gzipBytes], i): ChunkRequest => {
      const what = slices.length === 1 ? name : `${name}, chunk ${i + 1} of ${slices.length}`;
      return { sha256, sizeBytes, gzipBytes, what, delta: deltas?.get(sha256), onBytes };
    });
    const chunkBytes = slices.map(([, sizeBytes]) => sizeBytes);
    const isKept = !unkept?.includes(name);
    const hash = slices.length === 1 || wholeNames.has(name) ? undefined : hashInOrder(chunkBytes);
    const stored = isKept || hash ? undefined : await chunks.stored();
    const kept = await mapLimited(requests, LIMITS.parallelChunks, async (request, i) => {
      if (stored?.has(request.sha256)) return undefined;
      const bytes = await chunks.read(request);
      hash?.add(bytes, i);
      return isKept ? bytes : undefined;
    });
    if (hash) {
      requireWhole(await hash.hex(), manifest, name);
      wholeNames.add(name);
    }
    return {
      chunkBytes,
      async read(index) {
        const bytes = kept[index];
        kept[index] = undefined;
        return bytes ?? chunks.read(requests[index] as ChunkRequest);
      },
    };
  }

  return {
    release: manifest.release,
    manifestSha256: manifest.sha256,
    layout,
    readFile: async (name) => joinChunks(await openFile(name)),
    async readFiles(names, options) {
      const read = await mapLimited(names, LIMITS.parallelFiles, async (name) => {
        return [name, await openFile(name, options)] as const;
      });
      return new Map(read);
    },
    digestOf: (name) => manifest.files.get(name),
    async missingBytes(names) {
      const stored = await chunks.stored();
      const wanted = new Map(
        names.flatMap((name) => chunksOf(layout, manifest, name)).map((chunk) => [chunk[0], chunk]),
      );
      return [...wanted.values()].reduce(
        (sum, [sha256, sizeBytes, gzipBytes]) =>
          stored.has(sha256) ? sum : sum + (gzipBytes ?? sizeBytes),
        0,
      );
    },
    chunksOf(names) {
      const all = names.flatMap((name) => chunksOf(layout, manifest, name));
      return [...new Map([layoutChunk, ...all].map(([sha256, size]) => [sha256, size]))];
    },
    wholeFiles: () => ({ manifestSha256: manifest.sha256, names: [...wholeNames] }),
  };
}

/** Hashes chunks in the order in which they make the file, whichever comes first. */
function hashInOrder(chunkBytes: readonly number[]) {
  const hash = hashPieces(chunkBytes.reduce((sum, sizeBytes) => sum + sizeBytes, 0));
  const waiting = new Map<number, VerifiedBytes>();
  let next = 0;
  return {
    add(chunk: VerifiedBytes, index: number): void {
      waiting.set(index, chunk);
      for (let bytes = waiting.get(next); bytes; bytes = waiting.get(next)) {
        hash.update(bytes);
        waiting.delete(next);
        next += 1;
      }
    },
    hex: hash.hex,
  };
}

/** Read at every opening, beside the layout itself. */
const DESCRIBING_FILES = ['model.json', 'golden.json'];

/** Reads layout.json, the one file that is not in the layout. It is one chunk. */
async function readLayout(
  manifest: Manifest,
  chunks: ChunkStore,
): Promise<{ layout: Layout; layoutChunk: [string, number] }> {
  const sha256 = digestOfLayout(manifest);
  const raw = await chunks.read({ sha256, what: LAYOUT_FILE });
  return { layout: parseVersionLayout(raw), layoutChunk: [sha256, raw.length] };
}

/**
 * @param value parsed model.json
 * @throws NearsideError `bundle-mismatch` when model.json is of another release
 */
export function specOfVersion(value: unknown, { release, isSealed }: Manifest): ModelSpec {
  const said = parseModelSpec(value);
  const spec = isSealed ? { ...said, sequence: release.sequence } : said;
  const got = { model: spec.name, version: spec.version, sequence: spec.sequence };
  if (isSameRelease(got, release)) return spec;
  throw new NearsideError(
    'bundle-mismatch',
    `model.json: expected ${releaseTitle(release)}, got ${releaseTitle(got)}.`,
    { details: { ...release } },
  );
}
