import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Layout, type ModelSpec, NearsideError } from '@nearside/core';

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
  const script = variants.some(({ runtime }) => runtime === 'onnx') && findScript();
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
  if (!variants.some(({ runtime }) => runtime === 'onnx') || findScript()) return;
  throw new NearsideError(
    'file-missing',
    'Expected the package nearside, which has ONNX Runtime, beside @nearside/publisher, got none. Run ' +
      '`npm install nearside`.',
    { details: { package: 'nearside' } },
  );
}

function findScript(): string | undefined {
  try {
    const { resolve: pathOf } = createRequire(import.meta.url);
    return join(dirname(pathOf('nearside/package.json')), 'dist/worker/try-common.js');
  } catch {
    return undefined;
  }
}
