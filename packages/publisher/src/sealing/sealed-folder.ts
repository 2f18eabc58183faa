import { join } from 'node:path';
import { chunkPath, integrityOf, LAYOUT_FILE, readSeal, sealPath } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { readIfFile } from '../files/read-small-file.js';
import type { PackedFiles } from '../repository/reading/packed-version.js';
import type { RepositoryWriter } from '../repository/writing/repository-writer.js';
import { INDEX_FILE, type PresentSeal } from './seal-index.js';

const SEAL = /^seals\/([0-9a-f]{64})\.json$/;
/** Left behind where a writer was killed. */
const UNFINISHED = /^(?:chunks\/|seals\/)?\.[^/]+\.[0-9a-f]{12}$/;
const CHUNK = /^chunks\/[0-9a-f]{64}(?:\.z)?$/;

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
    const bytes = await readIfFile(join(directory, name));
    if (!bytes || sha256Hex(bytes) !== sha256) continue; // a damaged one counts as absent
    try {
      const { manifest } = readSeal(bytes, { sha256, model });
      present.push({ sha256, version: manifest.release.version });
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      const other = error.code === 'bundle-mismatch' && error.details?.got;
      const got = other
        ? `versions of '${other}'`
        : `${name}, which cannot be read (${error.code})`;
      throw refused(directory, `got ${got}`);
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

/** Removes every file that a version does not need. @returns the number of files */
export async function removeOthers(
  directory: string,
  writer: RepositoryWriter,
  { sha256, packed: { layout, digests } }: { sha256: string; packed: PackedFiles },
): Promise<number> {
  const chunks = Object.values(layout.files).flat();
  const needed = new Set([
    INDEX_FILE,
    sealPath(sha256),
    chunkPath(digests.get(LAYOUT_FILE) ?? '', { gzip: false }),
    ...chunks.map(([hash, , gzipBytes]) => chunkPath(hash, { gzip: gzipBytes !== undefined })),
  ]);
  const visible = (await visibleFiles(directory)).filter((name) => !needed.has(name));
  const names = (await listFiles(directory, { unfinished: true })) ?? [];
  const unfinished = names.filter((name) => UNFINISHED.test(name));
  const others = [...visible, ...unfinished];
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
