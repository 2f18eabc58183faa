import { NearsideError } from '@nearside/core';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../shared/api/backends.js';
import { assetsFolder, type BackendFiles, filesInFolder } from './in-folder.js';

/** Written in by the build: the address of the script that holds this, where it has one. */
declare const __SCRIPT__: string | undefined;
/** Written in by the build: the SHA-384 of each runtime file, by its name, as `integrity` takes it. */
declare const __INTEGRITY__: Readonly<Record<string, string>>;

/** Read while the script runs: `currentScript` is null later. */
const SCRIPT = __SCRIPT__;

export const BACKENDS: readonly AvailableBackend[] = AVAILABLE_BACKENDS;

/**
 * For builds without the literals that make bundlers emit 43 MB. The files are where the option says; for
 * `nearside.global.js` and `nearside.module.js` by default in the folder `assets` beside the script. Those of
 * another origin must be the ones that this script was built with.
 *
 * @throws NearsideError `assets-unreachable`
 */
export function backendFiles(backend: AvailableBackend, assets?: string): BackendFiles {
  const { worker, steps, wasm, common } = filesInFolder(backend, folderOf(assets));
  return {
    worker: withHash(worker),
    steps: withHash(steps),
    wasm: wasm && withHash(wasm),
    common: common && withHash(common),
  };
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

function withHash(file: URL): URL {
  if (file.origin !== globalThis.location?.origin) {
    file.hash = __INTEGRITY__[file.pathname.split('/').at(-1) as string] ?? '';
  }
  return file;
}
