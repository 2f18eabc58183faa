import { copyFile, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LAYOUT_FILE } from '@nearside/artifact';
import { isNearsideError, type Layout, parseLayout } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { listFiles } from '../files/list-files.js';
import { makeDirectory } from '../files/make-directory.js';
import { readIfFile } from '../files/read-small-file.js';
import { replaceFile } from '../files/replace-file.js';

/**
 * Finds out whether a directory may be written to: it is new, empty, or what `pack` wrote before.
 *
 * @returns the files of the earlier pack
 * @throws NearsideError `output-exists` when anything else lies there
 */
export async function openOutputDirectory(
  path: string,
  { modelDirectory }: { modelDirectory: string },
): Promise<readonly string[]> {
  const present = (await listFiles(path)) ?? [];
  if (present.length === 0) return [];
  if ((await realpath(path)) === (await realpath(modelDirectory))) {
    throw refused(path, 'got the model directory itself');
  }
  const packed = await readEarlierLayout(path);
  if (!packed) throw refused(path, `got one with other files, such as '${present[0]}'`);
  const foreign = present.find((name) => name !== LAYOUT_FILE && !Object.hasOwn(packed, name));
  if (foreign !== undefined) throw refused(path, `got one that also holds '${foreign}'`);
  return present;
}

/**
 * Replaces an earlier pack. The layout is written first. So a half-written directory is still recognised, and
 * `publish` finds that its files do not match.
 */
export async function writeOutput(
  path: string,
  {
    earlier,
    modelDirectory,
    layout,
    made,
  }: {
    earlier: readonly string[];
    modelDirectory: string;
    layout: Layout;
    /** Files that `pack` makes itself, by name. */
    made: ReadonlyMap<string, Uint8Array>;
  },
): Promise<void> {
  const files = Object.keys(layout.files);
  await makeDirectory(path);
  const stale = earlier.filter((name) => name !== LAYOUT_FILE && !files.includes(name));
  for (const name of stale) await removeFile(path, name);

  await replaceFile(join(path, LAYOUT_FILE), (temporary) =>
    writeFile(temporary, JSON.stringify(layout)),
  );
  for (const name of files) {
    await makeDirectory(dirname(join(path, name)));
    const bytes = made.get(name);
    await replaceFile(join(path, name), (temporary) =>
      bytes ? writeFile(temporary, bytes) : copyFile(join(modelDirectory, name), temporary),
    );
  }
}

async function readEarlierLayout(path: string): Promise<Layout['files'] | undefined> {
  try {
    const bytes = await readIfFile(join(path, LAYOUT_FILE));
    return bytes && parseLayout(JSON.parse(bytes.toString())).files;
  } catch (error) {
    if (error instanceof SyntaxError || isNearsideError(error)) return undefined;
    throw error;
  }
}

/** Removes one file, and the directories above it that are empty now. */
async function removeFile(path: string, name: string): Promise<void> {
  await rm(join(path, name));
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) {
    const emptied = await rmdir(join(path, parent)).then(
      () => true,
      () => false,
    );
    if (!emptied) return;
  }
}

function refused(path: string, got: string): PublisherError {
  return new PublisherError(
    'output-exists',
    `${path}: expected an empty directory or one that pack wrote, ${got}. Nothing was changed; ` +
      'choose another with `--out`.',
    { details: { directory: path } },
  );
}
