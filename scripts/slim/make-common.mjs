import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { readRanges } from './function-list.mjs';
import { keepFunctions, sha256 } from './keep-functions.mjs';

/** The part of onnxruntime-web for CPUs, as the package with the backends sees it. */
export const FULL_FILE = createRequire(
  new URL('../../packages/nearside/package.json', import.meta.url),
).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');

/** Written by `npm run profile:runtime`. */
export const LIST_FILE = new URL('common-functions.json', import.meta.url);

/**
 * Makes the file that has only the functions which common models use.
 *
 * @param {Uint8Array} full onnxruntime-web's own file
 * @param {{ version: string, sha256: string, functions: string }} list which file it was made of, and what stays
 * @returns {Uint8Array} the same bytes each time
 * @throws Error if the list was made of another file: functions of another build have other numbers
 */
export function makeCommon(full, list) {
  const found = sha256(full);
  if (found !== list.sha256) {
    throw new Error(
      `Expected the wasm file of onnxruntime-web ${list.version} (SHA-256 ${list.sha256}), got one with ${found}. ` +
        'Make the list of functions anew: npm run profile:runtime',
    );
  }
  return keepFunctions(full, readRanges(list.functions));
}

export async function readList() {
  return JSON.parse(await readFile(LIST_FILE, 'utf8'));
}
