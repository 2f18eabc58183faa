import { parseModelAddress } from '@nearside/artifact';

/** Stands for the address a repository will be served at, while nobody has said it. */
const UNKNOWN_BASE = '<base-url>';

/**
 * The line of code that opens a model.
 *
 * @throws TypeError when the address is none that a device would accept
 */
export function openLine(
  model: string,
  { baseUrl, pin }: { baseUrl: string | undefined; pin: string },
): string {
  return `open('${modelUrl(model, baseUrl)}', { trust: '${pin}' })`;
}

/** @throws TypeError as above */
export function modelUrl(model: string, baseUrl: string | undefined): string {
  const url = `${baseUrl?.replace(/\/+$/, '') ?? UNKNOWN_BASE}/${model}`;
  if (baseUrl !== undefined) parseModelAddress(url);
  return url;
}
