import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PublisherError } from '../errors/publisher-error.js';
import { listFiles } from '../files/list-files.js';
import { findModelFile } from '../packing/model-file.js';

/** It says from what answers were computed. golden.py writes the same. */
export const ANSWERS_RECORD = 'golden/made-from.json';

/** A draft keeps here the script that computes its golden outputs. */
export const GOLDEN_SCRIPT = 'reference/golden.py';

const MODULES = ['golden.py', 'steps.py', 'layers.py', 'baseline.py'] as const;

/** @returns the script and its modules, by their name in a model directory */
export async function readGoldenScript(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of MODULES) {
    // The path is the same from src/drafting and from dist/drafting.
    const content = await readFile(new URL(`../../python/${name}`, import.meta.url));
    files.set(`reference/${name}`, content);
  }
  return files;
}

/** @returns a file in `reference/` that this version of Nearside does not ship, byte for byte */
export async function findForeignFile(directory: string): Promise<string | undefined> {
  const shipped = await readGoldenScript();
  for (const file of (await listFiles(join(directory, 'reference'))) ?? []) {
    const name = `reference/${file}`;
    const path = await findModelFile(directory, name);
    const known = shipped.get(name);
    if (path === undefined || !known || !(await readFile(path)).equals(known)) return name;
  }
  return undefined;
}

/**
 * A model directory may come from anybody, and Python imports any file beside the script that it runs. So every file
 * in `reference/` must be one that this version of Nearside ships, byte for byte.
 *
 * @param command the command that would run
 * @throws NearsideError `gate-refused`, naming the file and the flag that allows it
 */
export async function requireShippedScript(directory: string, command: string): Promise<void> {
  const name = await findForeignFile(directory);
  if (name === undefined) return;
  throw new PublisherError(
    'gate-refused',
    `${join(directory, name)}: expected only files beside ${GOLDEN_SCRIPT} that this version of ` +
      `nearside ships, got another, which \`${command}\` could run. Read it. If you trust it, give ` +
      '`--run-reference`. If not, delete it, or draft the model again.',
    { details: { directory, file: name, command } },
  );
}
