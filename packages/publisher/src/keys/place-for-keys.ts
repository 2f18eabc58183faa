import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/**
 * Requires that keys of a repository lie outside what is uploaded with it: the repository itself, and the `public/` of
 * a site that it is in.
 *
 * @throws TypeError
 */
export async function requireOutside(keys: string, repository: string): Promise<void> {
  const [place, uploaded] = await Promise.all([realPlace(keys), realPlace(repository)]);
  const parts = uploaded.split(sep);
  const site = parts.lastIndexOf('public');
  const base = site === -1 ? uploaded : parts.slice(0, site + 1).join(sep);
  if (place !== base && !place.startsWith(base + sep)) return;
  throw new TypeError(
    `publish: expected \`keys\` outside ${base}, which is uploaded, got ${keys}. Whoever reads them can ` +
      'sign models: name a folder that nobody serves.',
  );
}

/** The path without links, where part of it may not be there yet. */
export async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(resolve(path)) === resolve(path)) return real ?? resolve(path);
  return join(await realPlace(dirname(resolve(path))), basename(path));
}
