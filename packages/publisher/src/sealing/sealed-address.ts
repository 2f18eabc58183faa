import { pageAddress } from '../reference/page-address.js';
import { quote } from '../reference/reference-types.js';

/**
 * Finds out by which address a page reaches a sealed folder.
 *
 * @param url the address, where it is known; by default that of `out` on the page's site
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
  const address = url?.replace(/\/+$/, '') ?? pageAddress(out);
  if (address.split('/').at(-1) === model) return address;
  throw new TypeError(
    `seal: expected \`${url === undefined ? 'out' : 'url'}\` to end in '${model}', because the last part ` +
      `of the address names the model, got '${url ?? out}'.`,
  );
}

/** @returns the line of code that opens a sealed model */
export function sealedLine(url: string, integrity: string): string {
  return `open(${quote(url)}, { integrity: '${integrity}' })`;
}
