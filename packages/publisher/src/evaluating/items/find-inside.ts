import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { itemInvalid } from '../item-error.js';

/**
 * @returns the real path of a file that a folder names
 * @throws NearsideError `name-unsafe` where it leads out of the folder, `file-missing` where there is no file
 */
export async function findInside(folder: string, name: string, item: string): Promise<string> {
  const base = await realpath(folder);
  const path = join(base, name);
  const got = `'${name}', which leads out of it`;
  const isInside = (one: string) => one.startsWith(base.endsWith(sep) ? base : base + sep);
  if (!isInside(path)) throw itemInvalid(item, `a file in ${folder}`, got, 'name-unsafe');
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isFile()) {
    throw itemInvalid(item, `a file in ${folder}`, `'${name}', which is none`, 'file-missing');
  }
  if (!isInside(real)) throw itemInvalid(item, `a file in ${folder}`, got, 'name-unsafe');
  return real;
}
