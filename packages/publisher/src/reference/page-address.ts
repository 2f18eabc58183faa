import { relative, resolve, sep } from 'node:path';

/**
 * Finds out by which address a page reaches a directory of its site: its path below the last `public/`, where bundlers
 * take static files from. It is relative, so that it holds under any base path.
 *
 * @returns undefined where there is no `public/`
 */
export function addressBelowPublic(directory: string): string | undefined {
  const parts = resolve(directory).split(sep);
  const site = parts.lastIndexOf('public');
  if (site === -1 || site === parts.length - 1) return undefined;
  return encodePath(parts.slice(site + 1));
}

/** @returns the same, or else the path below the working directory, or else the last part of the path */
export function pageAddress(directory: string): string {
  const below = relative('', directory).split(sep);
  const parts = below[0] === '..' ? resolve(directory).split(sep).slice(-1) : below;
  return addressBelowPublic(directory) ?? encodePath(parts);
}

function encodePath(parts: readonly string[]): string {
  return parts.map((part) => encodeURIComponent(part).replaceAll("'", '%27')).join('/');
}
