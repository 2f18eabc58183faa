import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Layout, ModelSpec } from '@nearside/core';
import { findNearsideScript, requireNearsideScript } from './nearside-script.js';

/** A large model's golden cases take a while on one thread, in a runtime that no browser has optimised, ms. */
const LIMIT_MS = 600_000;

/**
 * Finds out which file of ONNX Runtime devices need for a model. Its golden cases run in the file for most models, in
 * a separate process, because a missing function ends the process.
 *
 * @returns undefined if there is no ONNX variant, or the package `nearside`, which has the runtime, is not installed
 *   beside this one. Devices then use the full file
 */
export async function findOnnxRuntime(
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
 * Requires what {@link findOnnxRuntime} needs, where its answer must not depend on what is installed.
 *
 * @throws NearsideError `file-missing`
 */
export function requireOnnxRuntime({ variants }: Pick<ModelSpec, 'variants'>): void {
  if (variants.some(({ runtime }) => runtime === 'onnx')) requireNearsideScript('try-common.js');
}
