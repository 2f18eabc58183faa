import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/**
 * Requires that keys of a repository lie outside what is uploaded with it: the repository itself, and the `public/` of
 * a site that it is in.
 *
 * @throws TypeError
 */
export async function requireOutside(keys: string, repository: string): Promise<void> {
  const uploaded = await realPlace(repository);
  const parts = uploaded.split(sep);
  const site = parts.lastIndexOf('public');
  const base = site === -1 ? uploaded : parts.slice(0, site + 1).join(sep);
  if (!(await isWithin(keys, base))) return;
  throw new TypeError(
    `publish: expected \`keys\` outside ${base}, which is uploaded, got ${keys}. Whoever reads them can ` +
      'sign models: name a folder that nobody serves.',
  );
}

/** Links are followed, and either may not be there yet. */
export async function isWithin(path: string, directory: string): Promise<boolean> {
  const [place, base] = await Promise.all([realPlace(path), realPlace(directory)]);
  return place === base || place.startsWith(base.endsWith(sep) ? base : base + sep);
}

/** The path without links, where part of it may not be there yet. */
export async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(resolve(path)) === resolve(path)) return real ?? resolve(path);
  return join(await realPlace(dirname(resolve(path))), basename(path));
}
