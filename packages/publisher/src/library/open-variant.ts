import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNearsideError, NearsideError, parseGolden, parseModelSpec } from '@nearside/core';
import { makeDirectory } from '../files/make-directory.js';
import { openTemporary } from '../files/temporary.js';
import { keepVariants, shipAll } from '../packing/edit-documents.js';
import { filesOf } from '../packing/model-directory.js';
import { findModelFile } from '../packing/model-file.js';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { type SealOptions, seal } from './seal.js';
import { serveRepository } from './serve-repository.js';

/** A variant of a model, open in this process. */
export interface OpenVariant extends AsyncDisposable {
  /** The copy of its files that it was made of, whatever lies in the model directory by now. */
  readonly directory: string;
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
    const out = (onnxRuntime: string) => join(temporary.directory, onnxRuntime, model);
    const sealed = await openSealed({
      modelDirectory,
      out: out('full'),
      onnxRuntime: 'full',
    }).catch((error) => {
      if (!isNearsideError(error) || error.code !== 'backend-failed') throw error;
      // Trying takes as long as all else. It puts weights back into a file that runs only with them inside.
      return openSealed({ modelDirectory, out: out('try'), onnxRuntime: 'try' });
    });
    return {
      directory: modelDirectory,
      run: sealed.run,
      async [Symbol.asyncDispose]() {
        await sealed[Symbol.asyncDispose]();
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

async function openSealed(options: SealOptions): Promise<Omit<OpenVariant, 'directory'>> {
  const nearside = await importNearside();
  const { integrity, model } = await seal(options);
  const server = await serveRepository({ dir: dirname(options.out), port: 0 });
  try {
    const served = await nearside.open(`${server.url}/${model}`, {
      integrity,
      store: 'memory',
      backend: 'onnx-wasm',
      policy: LIMITS,
      assets: addressOf('dist/assets'),
    });
    return {
      run: async (input) => (await served.run(input)).output,
      async [Symbol.asyncDispose]() {
        await served.close();
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

/** These documents speak of other variants too. */
const DOCUMENTS = ['model.json', 'golden.json'];

/**
 * Copies a model directory with one of its variants.
 *
 * @returns the name of the model
 */
async function copyAlone(directory: string, variant: string, to: string): Promise<string> {
  const copy = async (file: string) => {
    if (!(await findModelFile(directory, file))) throw fileMissing(directory, file);
    await makeDirectory(dirname(join(to, file)));
    await copyFile(join(directory, file), join(to, file));
  };
  for (const file of DOCUMENTS) await copy(file);
  await keepVariants(to, new Set([variant]));
  await shipAll(to);
  const spec = parseModelSpec(await readJsonFile(to, 'model.json'));
  const golden = parseGolden(await readJsonFile(to, 'golden.json'));
  for (const file of filesOf(spec, golden)) if (!DOCUMENTS.includes(file)) await copy(file);
  return spec.name;
}
