import { NearsideError } from '@nearside/core';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../shared/api/backends.js';
import { assetsFolder, type BackendFiles, filesInFolder } from './in-folder.js';

/** Written in by the build: the address of the script that holds this, where it has one. */
declare const __SCRIPT__: string | undefined;

/** Read while the script runs: `currentScript` is null later. */
const SCRIPT = __SCRIPT__;

export const BACKENDS: readonly AvailableBackend[] = AVAILABLE_BACKENDS;

/**
 * For builds without the literals that make bundlers emit 40 MB. The files are where the option says; for
 * `nearside.global.js` and `nearside.module.js` by default in the folder `assets` beside the script.
 *
 * @throws NearsideError `assets-unreachable`
 */
export function backendFiles(backend: AvailableBackend, assets?: string): BackendFiles {
  return filesInFolder(backend, folderOf(assets));
}

function folderOf(assets: string | undefined): URL {
  if (assets !== undefined) return assetsFolder(assets);
  if (SCRIPT && URL.canParse('assets/', SCRIPT)) return new URL('assets/', SCRIPT);
  throw new NearsideError(
    'assets-unreachable',
    'Expected `assets`, the address of a copy of node_modules/nearside/dist/assets, got none: this ' +
      'build of the library does not know where its own file is.',
  );
}
