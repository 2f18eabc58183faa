import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkPath, integrityOf, LAYOUT_FILE, readSeal, sealPath } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { readIfFile } from '../files/read-small-file.js';
import type { PackedVersion } from '../repository/reading/packed-version.js';
import type { RepositoryWriter } from '../repository/writing/repository-writer.js';

/** Says for people and messages which seals there are. Nothing trusts it. */
export const INDEX_FILE = 'nearside.json';

const SEAL = /^seals\/([0-9a-f]{64})\.json$/;
const CHUNK = /^chunks\/[0-9a-f]{64}(?:\.z)?$/;

/** A seal that lies in a folder, whole. */
export interface PresentSeal {
  readonly sha256: string;
  readonly version: string;
}

/**
 * Reads which seals lie in a folder that is new, empty, or has sealed versions of one model alone. Hidden files, such
 * as a `.gitignore`, are left alone.
 *
 * @throws NearsideError `output-exists` when anything else lies there
 */
export async function readSealedFolder(directory: string, model: string): Promise<PresentSeal[]> {
  const names = await visibleFiles(directory);
  const foreign = names.find(
    (name) => name !== INDEX_FILE && !SEAL.test(name) && !CHUNK.test(name),
  );
  if (foreign !== undefined) throw refused(directory, `got one that also holds '${foreign}'`);
  const present: PresentSeal[] = [];
  for (const name of names) {
    const [, sha256] = SEAL.exec(name) ?? [];
    if (sha256 === undefined) continue;
    const bytes = await readFile(join(directory, name));
    if (sha256Hex(bytes) !== sha256) continue; // a damaged one counts as absent
    try {
      const { manifest } = readSeal(bytes, { sha256, model });
      present.push({ sha256, version: manifest.release.version });
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      throw refused(directory, `got ${name}: ${error.message}`);
    }
  }
  return inOrderSealed(directory, present);
}

/** @throws NearsideError `version-conflict` if the version is sealed with other bytes */
export function requireNoConflict(
  directory: string,
  present: readonly PresentSeal[],
  { model, version, sha256 }: PresentSeal & { readonly model: string },
): void {
  const other = present.find((seal) => seal.version === version && seal.sha256 !== sha256);
  if (!other) return;
  const sealed = integrityOf(other.sha256);
  throw new PublisherError(
    'version-conflict',
    `${directory}: expected the files that are sealed there as ${model} ${version}, got others. A ` +
      'sealed version never changes: give this one another, with `--version` or in its model.json. ' +
      `If no page has ${sealed} yet, remove ${directory} instead.`,
    { details: { directory, model, version, sealed } },
  );
}

/** Writes which seals there are. The last one is the latest. */
export async function writeIndex(
  writer: RepositoryWriter,
  present: readonly PresentSeal[],
): Promise<void> {
  const seals = present.map(({ sha256, version }) => ({ version, integrity: integrityOf(sha256) }));
  const index = { format: 1, latest: seals.at(-1)?.integrity, seals };
  await writer.write(INDEX_FILE, Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
}

/** Removes every file that a version does not need. @returns the number of files */
export async function removeOthers(
  directory: string,
  writer: RepositoryWriter,
  { sha256, packed: { layout, digests } }: { sha256: string; packed: PackedVersion },
): Promise<number> {
  const chunks = Object.values(layout.files).flat();
  const needed = new Set([
    INDEX_FILE,
    sealPath(sha256),
    chunkPath(digests.get(LAYOUT_FILE) ?? '', { gzip: false }),
    ...chunks.map(([hash, , gzipBytes]) => chunkPath(hash, { gzip: gzipBytes !== undefined })),
  ]);
  const others = (await visibleFiles(directory)).filter((name) => !needed.has(name));
  for (const name of others) await writer.remove(name);
  return others.length;
}

async function visibleFiles(directory: string): Promise<string[]> {
  return ((await listFiles(directory)) ?? []).filter((name) => !/(?:^|\/)\./.test(name));
}

/** Sorts seals as the earlier index lists them. Those that it does not list come first. */
async function inOrderSealed(
  directory: string,
  present: readonly PresentSeal[],
): Promise<PresentSeal[]> {
  const text = (await readIfFile(join(directory, INDEX_FILE)))?.toString() ?? '';
  const placeOf = ({ sha256 }: PresentSeal) => text.lastIndexOf(integrityOf(sha256));
  return [...present].sort((a, b) => placeOf(a) - placeOf(b));
}

function refused(directory: string, got: string): PublisherError {
  return new PublisherError(
    'output-exists',
    `${directory}: expected an empty folder, or one with sealed versions of this model alone, ${got}. ` +
      'Nothing was changed; choose another with `--out`.',
    { details: { directory } },
  );
}
