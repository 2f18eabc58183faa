import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { requireSafeName } from '@nearside/artifact';
import { isModelName, type Layout, NearsideError, SPEC_FORMAT } from '@nearside/core';
import { sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import type { OnProgress } from '../files/slices.js';
import { layOutFiles } from '../packing/lay-out-files.js';
import { findModelFile } from '../packing/model-file.js';
import { quote } from '../reference/reference-types.js';
import { digestsOf } from '../repository/reading/packed-version.js';
import { composeSeal } from '../sealing/compose-seal.js';
import { sealedAddress } from '../sealing/sealed-address.js';
import { readSealedFolder } from '../sealing/sealed-folder.js';
import { type WrittenSeal, writeSealed } from '../sealing/write-sealed.js';

export interface SealFilesOptions {
  /** Folder with any files, such as one of the Hugging Face Hub. Hidden files are left out. */
  readonly directory: string;
  /** Folder to write to: new, empty, or with earlier seals of these files. Its address ends in its name. */
  readonly out: string;
  /** Address of the folder on the web, as a page gives it; by default `out` below `public/`. */
  readonly url?: string | undefined;
  /** By default made of the hash of the files. */
  readonly version?: string | undefined;
  /** Removes all versions but this one. */
  readonly prune?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface SealedFolder extends WrittenSeal {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly url: string;
  /** The line of code that has transformers.js read the folder. */
  readonly fetch: string;
  /** Names of the files, sorted. */
  readonly files: readonly string[];
}

/**
 * Seals the files of a folder as they are, for `verifiedFetch` of `nearside/transformers`. The same files give the same bytes.
 *
 * @throws NearsideError `file-missing`, `name-unsafe`, `output-exists`, `version-conflict` or `repository-locked`
 * @throws TypeError when `out` lies in the folder, or its name or address is none that devices take
 */
export async function sealFiles({
  directory,
  out,
  url,
  version,
  prune = false,
  onProgress = () => {},
}: SealFilesOptions): Promise<SealedFolder> {
  const name = basename(resolve(out));
  requireOut({ directory, out, name });
  const address = sealedAddress({ out, url, model: name });
  await readSealedFolder(out, name); // throws where anything else lies
  const files = await findFiles(directory);
  const layout = await layOutFiles(directory, files, { variants: [], onProgress });
  const packed = await toPacked(directory, { name, version, layout });
  const composed = await composeSeal(packed, {
    requires: { format: SPEC_FORMAT },
    first: smallFirst(layout),
  });
  const written = await writeSealed(packed, composed, { out, prune, onProgress });
  const { integrity } = composed;
  return {
    directory: out,
    name,
    version: packed.release.version,
    integrity,
    url: address,
    fetch: `env.fetch = verifiedFetch({ url: ${quote(address)}, integrity: '${integrity}' })`,
    files,
    ...written,
  };
}

/** @throws TypeError */
function requireOut({
  directory,
  out,
  name,
}: {
  directory: string;
  out: string;
  name: string;
}): void {
  const path = relative(directory, out);
  if (!isAbsolute(path) && path.split(sep)[0] !== '..') {
    throw new TypeError(
      `seal: expected \`out\` outside ${directory}, whose files are sealed, got '${out}'.`,
    );
  }
  if (isModelName(name)) return;
  throw new TypeError(
    `seal: expected \`out\` to end in lower-case letters, digits and dashes, at most 64, got '${name}'.`,
  );
}

/**
 * Lists the files to seal. A link that leads out of the folder could publish a private file.
 *
 * @throws NearsideError `file-missing` or `name-unsafe`
 */
async function findFiles(directory: string): Promise<string[]> {
  const names = ((await listFiles(directory)) ?? []).filter((name) => !/(?:^|\/)\./.test(name));
  for (const name of names) {
    requireSafeName(name, directory);
    if ((await findModelFile(directory, name)) === undefined) throw noFile(`${directory}/${name}`);
  }
  if (names.length === 0) throw noFile(directory, 'a folder with files');
  return names;
}

function noFile(path: string, expected = 'a file'): NearsideError {
  const message = `${path}: expected ${expected}, got none. Nothing was sealed.`;
  return new NearsideError('file-missing', message, { details: { file: path } });
}

async function toPacked(
  path: string,
  { name, version, layout }: { name: string; version: string | undefined; layout: Layout },
) {
  const layoutBytes = new TextEncoder().encode(JSON.stringify(layout));
  const made = `0.0.0-h${sha256Hex(layoutBytes).slice(0, 8)}`;
  const release = { model: name, version: version ?? made, sequence: 1 };
  return {
    path,
    release,
    layout,
    layoutBytes,
    digests: await digestsOf(path, { layout, layoutBytes }),
  };
}

/** Names of files of one chunk, the smallest first. */
function smallFirst({ files }: Layout): string[] {
  const ofOne = Object.entries(files).filter(([, chunks]) => chunks.length === 1);
  const sizeOf = ([, [chunk]]: (typeof ofOne)[number]) => chunk?.[1] ?? 0;
  return ofOne.sort((a, b) => sizeOf(a) - sizeOf(b)).map(([name]) => name);
}
