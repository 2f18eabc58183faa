import { isSecureAddress } from '@nearside/artifact';

/** In a page an address may be relative to it. */
export function resolveUrl(url: string): string {
  const base = globalThis.location?.href;
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

/** One that names something, seen from here. */
export function isAddress(address: unknown): address is string {
  return typeof address === 'string' && address !== '' && URL.canParse(resolveUrl(address));
}

/** A list of some addresses, each of them secure. */
export function areSecure(addresses: unknown): boolean {
  return (
    Array.isArray(addresses) &&
    addresses.length > 0 &&
    addresses.every((address) => isAddress(address) && isSecureAddress(resolveUrl(address)))
  );
}
