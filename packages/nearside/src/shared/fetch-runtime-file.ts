/**
 * Asks for a file that comes with the library. From the own origin it comes itself: as with a worker's own file, no redirect
 * takes another origin's in its place. The address's fragment, where it has one, is the hash that the file must have.
 */
export function fetchRuntimeFile(
  address: string,
  how: { readonly signal?: AbortSignal; readonly cache?: RequestCache } = {},
): Promise<Response> {
  const { origin, hash } = new URL(address);
  const mode = origin === globalThis.origin ? 'same-origin' : 'cors';
  return fetch(address, { ...how, mode, integrity: hash.slice(1) });
}
