import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  isNearsideError,
  NearsideError,
  parseGolden,
  parseModelSpec,
  type Variant,
} from '@nearside/core';
import { makeDirectory } from '../files/make-directory.js';
import { openTemporary } from '../files/temporary-directory.js';
import { filesOf } from '../packing/model-directory.js';
import { findModelFile } from '../packing/model-file.js';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { type SealOptions, seal } from './seal.js';
import { serveRepository } from './serve-repository.js';

/** A variant of a model, open in this process. */
export interface OpenVariant extends AsyncDisposable {
  run(input: unknown): Promise<unknown>;
}

/** As much of the package nearside as is used here. */
interface Nearside {
  open(url: string, options: object): Promise<OpenModel>;
}
interface OpenModel {
  run(input: unknown): Promise<{ readonly output: unknown }>;
  close(): Promise<void>;
}

/** Large models take a while on one thread, ms. */
const LIMITS = Object.freeze({ warmUpMs: 600_000, watchdogMs: 1_800_000 });

/**
 * Opens one variant as a device does, through the whole library: sealed with that variant alone, so that nothing else
 * can answer, and served from a temporary folder. Disposing of it removes that.
 *
 * @throws NearsideError `file-missing` without the package nearside; a code of `seal`, or of its `open`, naming the variant
 */
export async function openVariant(directory: string, name: string): Promise<OpenVariant> {
  const temporary = await openTemporary('variant');
  const modelDirectory = join(temporary.directory, 'model');
  try {
    const model = await copyAlone(directory, name, modelDirectory);
    const open = (onnxRuntime: 'full' | 'try') =>
      openSealed({
        modelDirectory,
        out: join(temporary.directory, onnxRuntime, model),
        onnxRuntime,
      });
    // Trying takes as long as all else. It puts weights back into a file that runs only with them inside.
    const opened = await open('full').catch((error) => {
      if (isNearsideError(error) && error.code === 'backend-failed') return open('try');
      throw error;
    });
    return {
      run: opened.run,
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await temporary[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    if (!isNearsideError(error)) throw error;
    const { code, message, details } = error;
    throw new NearsideError(code, `Variant '${name}': ${message}`, { cause: error, details });
  }
}

async function openSealed(options: SealOptions): Promise<OpenVariant> {
  const { open } = await importNearside();
  const { integrity, model } = await seal(options);
  const server = await serveRepository({ dir: dirname(options.out), port: 0 });
  try {
    const opened = await open(`${server.url}/${model}`, {
      integrity,
      store: 'memory',
      backend: 'onnx-wasm',
      policy: LIMITS,
      assets: addressOf('dist/assets'),
    });
    return {
      run: async (input) => (await opened.run(input)).output,
      async [Symbol.asyncDispose]() {
        await opened.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function importNearside(): Promise<Nearside> {
  const module = addressOf('dist/index.js');
  return import(/* @vite-ignore */ module);
}

function addressOf(name: Parameters<typeof requireNearsideFile>[0]): string {
  return pathToFileURL(requireNearsideFile(name)).href;
}

/**
 * Copies a model directory with one of its variants.
 *
 * @returns the name of the model
 */
async function copyAlone(directory: string, variant: string, to: string): Promise<string> {
  const json = (await readJsonFile(directory, 'model.json')) as { variants: Variant[] };
  const variants = json.variants
    .filter(({ name }) => name === variant)
    .map(({ ships: _, ...shipped }) => shipped);
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  const only = <T>(byVariant: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(byVariant).filter(([name]) => name === variant));
  const cases = golden.cases.map((one) => ({ ...one, expected: only(one.expected) }));
  const alone = { ...golden, cases, tolerance: only(golden.tolerance) };
  const spec = parseModelSpec({ ...json, variants });
  for (const file of filesOf(spec, alone)) {
    if (!(await findModelFile(directory, file))) throw fileMissing(directory, file);
    await makeDirectory(dirname(join(to, file)));
    await copyFile(join(directory, file), join(to, file));
  }
  await writeFile(join(to, 'model.json'), JSON.stringify({ ...json, variants }));
  await writeFile(join(to, 'golden.json'), JSON.stringify(alone));
  return spec.name;
}
