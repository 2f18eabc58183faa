import { isSecureAddress } from '@nearside/artifact';

/** In a page an address may be relative to it. */
export function resolveUrl(url: string): string {
  // Of a page that was opened with a name and a password, which relative addresses would have too.
  const base = globalThis.location?.href.replace(/\/\/[^/]*@/, '//');
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

/** One that names something, seen from here. */
export function isAddress(address: unknown): address is string {
  return typeof address === 'string' && address !== '' && URL.canParse(resolveUrl(address));
}

/** A list of some addresses to report to, each of them secure. */
export function areReceivers(addresses: unknown): boolean {
  return areSecure(addresses, { mayAsk: true });
}

/** A list of some addresses to put paths behind, each of them secure. */
export function areBases(addresses: unknown): boolean {
  return areSecure(addresses, { mayAsk: false });
}

function areSecure(addresses: unknown, { mayAsk }: { mayAsk: boolean }): boolean {
  return (
    Array.isArray(addresses) &&
    addresses.length > 0 &&
    addresses.every(
      (address) => isAddress(address) && isSecureAddress(resolveUrl(address), { mayAsk }),
    )
  );
}
