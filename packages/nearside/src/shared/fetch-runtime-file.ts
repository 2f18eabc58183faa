/**
 * Asks for a file that comes with the library. From the own origin it comes itself: as with a worker's own file, no redirect
 * takes another origin's in its place. The address's fragment, where it has one, is the hash that the file must have.
 */
export function fetchRuntimeFile(file: URL, how?: RequestInit): Promise<Response> {
  const mode = file.origin === globalThis.origin ? 'same-origin' : 'cors';
  return fetch(file, { ...how, mode, integrity: file.hash.slice(1) });
}
