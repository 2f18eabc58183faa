import { relative, resolve, sep } from 'node:path';

/**
 * Finds out by which address a page reaches a sealed folder.
 *
 * @param url the address, where it is known
 * @returns without it the path below the last `public/`, where bundlers take static files from; or else below the
 *   working directory. Relative, so that it holds under any base path
 * @throws TypeError unless the address ends in the name of the model, by which devices know which seal is right
 */
export function sealedAddress({
  out,
  url,
  model,
}: {
  out: string;
  url: string | undefined;
  model: string;
}): string {
  const address = url?.replace(/\/+$/, '') ?? encodePath(pathOnSite(out));
  if (address.split('/').at(-1) === model) return address;
  throw new TypeError(
    `seal: expected \`${url === undefined ? 'out' : 'url'}\` to end in '${model}', because the last part ` +
      `of the address names the model, got '${url ?? out}'.`,
  );
}

/** @returns the line of code that opens a sealed model */
export function sealedLine(url: string, integrity: string): string {
  return `open('${url}', { integrity: '${integrity}' })`;
}

function pathOnSite(out: string): string[] {
  const parts = resolve(out).split(sep);
  const site = parts.lastIndexOf('public');
  if (site !== -1 && site < parts.length - 1) return parts.slice(site + 1);
  const below = relative('', out).split(sep);
  return below[0] === '..' ? parts.slice(-1) : below;
}

function encodePath(parts: readonly string[]): string {
  return parts.map((part) => encodeURIComponent(part).replaceAll("'", '%27')).join('/');
}
