import { join } from 'node:path';
import {
  LAYOUT_FILE,
  type Release,
  type ReleaseIdentity,
  type RepositorySource,
  type Root,
  rootPath,
  verifyBytes,
} from '@nearside/artifact';
import {
  type Chunk,
  type Golden,
  type Layout,
  type ModelSpec,
  NearsideError,
} from '@nearside/core';
import { readSliceAt } from '../../files/slices.js';
import { exists } from '../../files/stat-path.js';
import { requireRelease } from '../checking/release-rules.js';
import { openRepository, requireRepository } from './open-repository.js';
import { readPackedVersion } from './packed-version.js';
import { readChunkFile, readGolden, readSpec, requireVersion } from './read-version.js';

/** The files of a version, packed in a directory or published. */
export interface VersionContent {
  readonly release: ReleaseIdentity;
  readonly spec: ModelSpec;
  readonly golden: Golden;
  readonly layout: Layout;
  /** Every file, layout.json among them, by its chunks. */
  readonly files: ReadonlyMap<string, readonly Chunk[]>;
  /** The bytes of one of its chunks, verified. */
  readChunk(chunk: Chunk): Promise<Uint8Array<ArrayBuffer>>;
}

/** `<repository>#<model>@<version>`; without `@<version>` the newest that is not revoked. */
const PUBLISHED = /^(?<repository>.+)#(?<model>[a-z0-9-]+)(?:@(?<version>[0-9A-Za-z.-]+))?$/s;

/**
 * Opens a version by its name on the command line: a directory that `pack` wrote, or `<repository dir or
 * url>#<model>@<version>`.
 *
 * @throws NearsideError when it is missing or does not verify
 */
export async function openVersionContent(reference: string): Promise<VersionContent> {
  const { repository, model, version } = PUBLISHED.exec(reference)?.groups ?? {};
  if (repository === undefined || model === undefined) return openPacked(reference);
  const source = openRepository(repository);
  const state = await requireRepository(source, repository);
  const release = requireRelease(state, { model, version });
  return openPublished(source, state.trusted.root, release);
}

/** @throws NearsideError a trust code, `file-missing` or a network code */
export async function openPublished(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<VersionContent> {
  const version = await requireVersion(source, root, release);
  return {
    release: version.manifest.release,
    spec: await readSpec(source, version),
    golden: await readGolden(source, version),
    layout: version.layout,
    files: version.files,
    readChunk: async (chunk) => (await readChunkFile(source, chunk, chunk[0])).content,
  };
}

async function openPacked(directory: string): Promise<VersionContent> {
  await requireNoRepository(directory);
  const { release, spec, golden, layout, layoutBytes, digests } =
    await readPackedVersion(directory);
  const layoutChunk: Chunk = [digests.get(LAYOUT_FILE) ?? '', layoutBytes.length];
  const places = placesOf(layout);
  return {
    release,
    spec,
    golden,
    layout,
    files: new Map([...Object.entries(layout.files), [LAYOUT_FILE, [layoutChunk]]]),
    async readChunk([sha256, sizeBytes]) {
      const { file, offset } = places.get(sha256) ?? { file: LAYOUT_FILE, offset: 0 };
      const bytes = await readSliceAt(join(directory, file), { offset, sizeBytes });
      return verifyBytes(bytes, { what: file, sha256, sizeBytes });
    },
  };
}

/** By SHA-256, the place of each chunk in the files themselves. */
function placesOf({ files }: Layout): ReadonlyMap<string, { file: string; offset: number }> {
  const places = new Map<string, { file: string; offset: number }>();
  for (const [file, chunks] of Object.entries(files)) {
    let offset = 0;
    for (const [sha256, sizeBytes] of chunks) {
      places.set(sha256, { file, offset });
      offset += sizeBytes;
    }
  }
  return places;
}

async function requireNoRepository(directory: string): Promise<void> {
  if (!(await exists(join(directory, rootPath(1))))) return;
  throw new NearsideError(
    'file-missing',
    `${directory}: expected a packed directory, got a repository. Name one of its versions: ` +
      `'${directory}#<model>@<version>'.`,
    { details: { directory } },
  );
}
