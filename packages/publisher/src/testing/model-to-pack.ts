import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSyntheticModel } from './synthetic-model.js';
import { temporaryDirectory } from './workspace.js';

/** A model directory that can be packed, and an output directory. */
export async function prepare(model = {}) {
  const directory = await temporaryDirectory();
  const modelDirectory = await writeSyntheticModel(join(directory, 'model'), model);
  return { directory, modelDirectory, out: join(directory, 'packed') };
}

/** Changes one of its documents. */
// biome-ignore lint/suspicious/noExplicitAny: tests break documents in ways their types forbid
export async function editJson(file: string, edit: (value: any) => void): Promise<void> {
  const value = JSON.parse(await readFile(file, 'utf8'));
  edit(value);
  await writeFile(file, JSON.stringify(value));
}
