import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Layout, ModelSpec } from '@nearside/core';
import { findNearsideScript, requireNearsideScript } from './nearside-script.js';

/** A large model's golden cases take a while on one thread, in a runtime that no browser has optimised, ms. */
const LIMIT_MS = 600_000;

/**
 * Tries a model in the common file of ONNX Runtime, which has what most models need: its golden cases run there, in a
 * separate process, because a missing function ends the process.
 *
 * @returns `common` if that file is enough; undefined if there is no ONNX variant, or the package `nearside`,
 *   which has the runtime, is not installed beside this one. Devices then use the full file
 */
export async function tryCommonRuntime(
  directory: string,
  { variants }: Pick<ModelSpec, 'variants'>,
): Promise<Layout['onnxRuntime']> {
  const isOnnx = variants.some(({ runtime }) => runtime === 'onnx');
  const script = isOnnx && findNearsideScript('try-common.js');
  if (!script) return undefined;
  const words = [script, resolve(directory)];
  return promisify(execFile)(process.execPath, words, { timeout: LIMIT_MS }).then(
    () => 'common',
    () => 'full',
  );
}

/**
 * Requires the package `nearside` for a model with ONNX variants, where the answer of {@link tryCommonRuntime} must not
 * depend on what is installed.
 *
 * @throws NearsideError `file-missing`
 */
export function requireNearsidePackage({ variants }: Pick<ModelSpec, 'variants'>): void {
  if (variants.some(({ runtime }) => runtime === 'onnx')) requireNearsideScript('try-common.js');
}
