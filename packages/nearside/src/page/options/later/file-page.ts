import { NearsideError } from '@nearside/core';

export function isFilePage(): boolean {
  return globalThis.location?.protocol === 'file:';
}

/** The error for what a page that was opened as a file has tried. */
export function filePageError(cause?: unknown): NearsideError {
  return new NearsideError(
    'worker-blocked',
    'Expected a page from a server, got one from file:, where browsers start no worker and fetch no file. Serve its ' +
      'folder with `npx vite` or `npx serve`, and open the address that they print.',
    { cause },
  );
}
