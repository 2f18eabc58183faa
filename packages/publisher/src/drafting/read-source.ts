import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNearsideError } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { isFile } from '../files/stat-path.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { INDEX_FILE } from '../sealing/seal-index.js';
import type { SourceModel } from './draft-spec.js';
import { sourceFromHuggingFace } from './source-from-hugging-face.js';
import { sourceFromOnnx } from './source-from-onnx.js';
import { sourceFromTfjs } from './source-from-tfjs.js';
import { sourceFromTflite } from './source-from-tflite.js';

/** A model directory is packed as it is; a model as training tools leave it is drafted first. */
export type Source =
  | { readonly kind: 'model-directory' }
  | { readonly kind: 'trained-model'; readonly model: SourceModel };

/**
 * Finds out what a path holds and reads it: a model directory, an ONNX file, a directory with one, a
 * TFLite file, a TensorFlow.js directory, or a Hugging Face folder with `onnx/`.
 *
 * @throws NearsideError `file-missing`, `model-invalid`, `metadata-malformed` or `name-unsafe`
 */
export async function readSource(path: string): Promise<Source> {
  if (path.endsWith('.onnx') && (await isFile(path))) {
    return { kind: 'trained-model', model: await sourceFromOnnx(path) };
  }
  if (path.endsWith('.tflite') && (await isFile(path))) {
    return { kind: 'trained-model', model: await sourceFromTflite(path) };
  }
  const names = await readdir(path).catch(({ code }) => {
    throw unknownSource(path, GOT[code] ?? 'nothing that can be read as a directory');
  });
  if (names.includes('model.json')) {
    const document = await readObject(path, 'model.json');
    if (!('weightsManifest' in document)) return { kind: 'model-directory' };
    return { kind: 'trained-model', model: await sourceFromTfjs(path, document) };
  }
  if (names.includes('config.json')) {
    return { kind: 'trained-model', model: await sourceFromHuggingFace(path) };
  }
  const onnx = names.filter((name) => name.endsWith('.onnx')).sort();
  if (onnx.length === 1) {
    const name = onnx[0] as string;
    if ((await findModelFile(path, name)) === undefined) throw fileMissing(path, name);
    return { kind: 'trained-model', model: await sourceFromOnnx(join(path, name)) };
  }
  throw unknownSource(path, onnx.length > 1 ? `several: ${onnx.join(', ')}` : inWords(names));
}

/** Words for a path that is no directory, by the code of `readdir`. */
const GOT: Readonly<Record<string, string>> = {
  ENOENT: 'nothing: there is no such file or folder',
  ENOTDIR: 'another file',
};

/** So many files of a directory are named. */
const MOST_NAMED = 4;

function inWords(names: readonly string[]): string {
  if (names.includes(INDEX_FILE)) return 'a sealed model: give what it was sealed from';
  if (names.length === 0) return 'an empty directory';
  const more = names.length > MOST_NAMED ? ' and more' : '';
  return `a directory of ${[...names].sort().slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** A file that is no JSON object is left to the reader of model directories, which reports it. */
async function readObject(directory: string, name: string): Promise<object> {
  const value = await readJsonFile(directory, name).catch((error) => {
    if (isNearsideError(error) && error.code === 'metadata-malformed') return undefined;
    throw error;
  });
  return typeof value === 'object' && value !== null ? value : {};
}

function unknownSource(path: string, got: string) {
  return modelInvalid(
    `${path}: expected a model directory or a TensorFlow.js one (with model.json), a Hugging Face ` +
      `folder (with config.json and onnx/), or one .onnx or .tflite file; got ${got}.`,
    { source: path, got },
  );
}
