import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIntegrity, readSeal, sealPath } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { readIfFile } from '../files/read-small-file.js';
import { ifUsable } from '../repository/reading/read-repository.js';
import { INDEX_FILE, parseSealIndex } from './seal-index.js';

export interface SealedInFolder {
  readonly model: string;
  readonly integrity: string;
}

/** Lists the models that are sealed in folders of a directory, each by the version that its index names as the latest. */
export async function sealedModels(directory: string): Promise<SealedInFolder[]> {
  const folders = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const found = await Promise.all(
    names.sort().map(async (model) => {
      const integrity = await latestSeal(join(directory, model), model);
      return integrity === undefined ? [] : [{ model, integrity }];
    }),
  );
  return found.flat();
}

/** @returns undefined unless the index of a folder names a seal of the model that lies there, whole */
async function latestSeal(folder: string, model: string): Promise<string | undefined> {
  const index = await readIfFile(join(folder, INDEX_FILE));
  if (!index) return undefined;
  return ifUsable(async () => {
    const { latest } = parseSealIndex(index);
    const sha256 = readIntegrity(latest);
    const bytes = sha256 && (await readIfFile(join(folder, sealPath(sha256))));
    if (!bytes || sha256Hex(bytes) !== sha256) return undefined;
    readSeal(bytes, { sha256, model }); // throws if it is of another model
    return latest;
  });
}
