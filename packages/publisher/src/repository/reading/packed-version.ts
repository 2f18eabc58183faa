import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  graphFileName,
  LAYOUT_FILE,
  parseVersionLayout,
  type ReleaseIdentity,
} from '@nearside/artifact';
import {
  type Chunk,
  type Golden,
  type Layout,
  type ModelSpec,
  NearsideError,
} from '@nearside/core';
import { sha256Hex } from '../../files/digests.js';
import { listFiles } from '../../files/list-files.js';
import { readSlices } from '../../files/slices.js';
import { readModelDirectory } from '../../packing/model-directory.js';
import { findModelFile } from '../../packing/model-file.js';

/** Files laid out in chunks, as they lie in a folder. */
export interface PackedFiles {
  readonly path: string;
  readonly release: ReleaseIdentity;
  readonly layout: Layout;
  readonly layoutBytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hex of every file, layout.json among them. These are signed. */
  readonly digests: ReadonlyMap<string, string>;
}

/** The output of `pack`, checked to be unchanged. */
export interface PackedVersion extends PackedFiles {
  readonly spec: ModelSpec;
  readonly golden: Golden;
}

/**
 * Reads a packed directory.
 *
 * @throws NearsideError `file-missing`, `digest-mismatch`, `size-mismatch`, or a code of `pack`
 */
export async function readPackedVersion(path: string): Promise<PackedVersion> {
  const layoutBytes = await readLayoutBytes(path);
  const { spec, golden, files: ofModel } = await readModelDirectory(path);
  const layout = parseVersionLayout(layoutBytes);
  const graphs = spec.variants.map(({ name }) => graphFileName(name));
  const files = [...ofModel, ...graphs.filter((name) => Object.hasOwn(layout.files, name))];
  await requireExactly(path, [...files, LAYOUT_FILE], layout);

  const digests = await digestsOf(path, { layout, layoutBytes });
  const release = { model: spec.name, version: spec.version, sequence: spec.sequence };
  return { path, spec, golden, release, layout, layoutBytes, digests };
}

/** Hashes every file that a layout lists, and checks its chunks. Throws as {@link readPackedChunks}. */
export async function digestsOf(
  path: string,
  { layout, layoutBytes }: Pick<PackedFiles, 'layout' | 'layoutBytes'>,
): Promise<Map<string, string>> {
  const digests = new Map([[LAYOUT_FILE, sha256Hex(layoutBytes)]]);
  for (const name of Object.keys(layout.files)) {
    digests.set(name, await digestOf(path, name, layout));
  }
  return digests;
}

/**
 * Reads the chunks of one file and checks each against the layout.
 *
 * @throws NearsideError `digest-mismatch` or `size-mismatch`
 */
export async function* readPackedChunks(
  path: string,
  name: string,
  layout: Layout,
): AsyncGenerator<{ chunk: Chunk; bytes: Uint8Array<ArrayBuffer> }> {
  const chunks = layout.files[name] ?? [];
  const sizes = chunks.map(([, sizeBytes]) => sizeBytes);
  const { size } = await stat(join(path, name));
  const laidOut = sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  if (size !== laidOut) throw changed('size-mismatch', name, `${laidOut} bytes`, `${size}`);
  let index = 0;
  for await (const bytes of readSlices(join(path, name), sizes)) {
    const chunk = chunks[index] as Chunk;
    const got = sha256Hex(bytes);
    if (got !== chunk[0]) throw changed('digest-mismatch', name, `SHA-256 ${chunk[0]}`, got);
    yield { chunk, bytes };
    index += 1;
  }
}

async function digestOf(path: string, name: string, layout: Layout): Promise<string> {
  const hash = createHash('sha256');
  for await (const { bytes } of readPackedChunks(path, name, layout)) hash.update(bytes);
  return hash.digest('hex');
}

async function readLayoutBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await findModelFile(path, LAYOUT_FILE);
  if (file === undefined) {
    throw new NearsideError(
      'file-missing',
      `${path}: expected a packed directory with ${LAYOUT_FILE}, got none. Run ` +
        '`nearside pack` first and publish what it wrote.',
      { details: { directory: path, file: LAYOUT_FILE } },
    );
  }
  return new Uint8Array(await readFile(file));
}

/** Requires that exactly the signed files lie there, so that other tools find no unsigned file. */
async function requireExactly(
  path: string,
  expected: readonly string[],
  layout: Layout,
): Promise<void> {
  const present = (await listFiles(path)) ?? [];
  const foreign = present.find((name) => !expected.includes(name));
  if (foreign !== undefined) {
    throw new NearsideError(
      'model-invalid',
      `${path}: expected only files that pack wrote, got also '${foreign}'. Remove it or pack again.`,
      { details: { directory: path, file: foreign } },
    );
  }
  const laidOut = [...Object.keys(layout.files), LAYOUT_FILE].sort().join();
  if (laidOut === [...expected].sort().join()) return;
  throw new NearsideError(
    'model-invalid',
    `${path}: expected ${LAYOUT_FILE} to list the files that model.json and golden.json name, ` +
      'got others. Pack again.',
    { details: { directory: path } },
  );
}

function changed(
  code: 'digest-mismatch' | 'size-mismatch',
  name: string,
  expected: string,
  got: string,
): NearsideError {
  return new NearsideError(
    code,
    `${name}: expected ${expected} as pack saw it, got ${got}. It was changed since; pack again.`,
    { details: { file: name, expected, got } },
  );
}
