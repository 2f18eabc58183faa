import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { elementCount, isNearsideError, partsOf, type Variant } from '@nearside/core';
import type { TensorExtent } from './cut-at-tensors.js';
import { ONNX_DATATYPES } from './onnx-datatypes.js';
import { externalFile, type OnnxTensor, parseOnnxFile } from './onnx-file.js';
import { locateWeights, parseManifest } from './tfjs-manifest.js';

/**
 * Locates the tensors of every variant, by file name. A file that is not understood is left out, because only the cut
 * of its chunks depends on it.
 */
export async function locateTensors(
  directory: string,
  variants: readonly Variant[],
): Promise<ReadonlyMap<string, readonly TensorExtent[]>> {
  const located = new Map<string, TensorExtent[]>();
  for (const variant of variants.flatMap(partsOf)) {
    const found = await (variant.runtime === 'onnx' ? locateInOnnx : locateInTfjs)(
      directory,
      variant.files,
    );
    // Variants may share weights. The first one that names a file decides.
    for (const [file, extents] of found) if (!located.has(file)) located.set(file, extents);
  }
  return located;
}

type Located = ReadonlyMap<string, TensorExtent[]>;

async function locateInOnnx(directory: string, files: readonly string[]): Promise<Located> {
  const located = new Map<string, TensorExtent[]>();
  for (const file of files.filter((name) => name.endsWith('.onnx'))) {
    const tensors = await readTensors(directory, file);
    if (!tensors) continue;
    located.set(
      file,
      tensors
        .filter(({ external }) => !external)
        .map(({ name, start, end }) => ({ name, offset: start, sizeBytes: end - start })),
    );
    for (const [companion, extents] of await locateExternal(directory, file, tensors)) {
      if (files.includes(companion)) located.set(companion, extents);
    }
  }
  return located;
}

/** Names of the axes that an ONNX model's inputs leave free; undefined if not understood. */
export function freeAxes(directory: string, modelFile: string): Promise<string[] | undefined> {
  return understood(async () =>
    parseOnnxFile(await readFile(join(directory, modelFile))).inputs.flatMap((input) => [
      ...input.freeAxes,
    ]),
  );
}

/** @returns undefined if the file is not understood */
export function readTensors(
  directory: string,
  file: string,
): Promise<readonly OnnxTensor[] | undefined> {
  return understood(async () => parseOnnxFile(await readFile(join(directory, file))).tensors);
}

async function locateExternal(
  directory: string,
  modelFile: string,
  tensors: readonly OnnxTensor[],
): Promise<Located> {
  const located = new Map<string, TensorExtent[]>();
  for (const tensor of tensors) {
    const { name, external } = tensor;
    if (!external) continue;
    const file = externalFile(dirname(modelFile), external);
    const extents = located.get(file) ?? [];
    extents.push({ name, offset: external.offset, sizeBytes: externalBytes(tensor) });
    located.set(file, extents);
  }
  for (const [file, extents] of located) {
    const fileBytes = await sizeOf(join(directory, file));
    if (!extents.every((extent) => liesIn(extent, fileBytes))) located.delete(file);
  }
  return located;
}

/** @returns NaN where neither the file nor the type tells */
function externalBytes({ dataType, shape, external }: OnnxTensor): number {
  const bits = elementCount(shape) * (ONNX_DATATYPES[dataType]?.bits ?? Number.NaN);
  return external?.length ?? Math.ceil(bits / 8);
}

async function locateInTfjs(directory: string, files: readonly string[]): Promise<Located> {
  const [topology = ''] = files;
  const located = new Map<string, TensorExtent[]>();
  const groups = await understood(async () =>
    parseManifest(JSON.parse(await readFile(join(directory, topology), 'utf8')), topology),
  );
  for (const group of groups ?? []) {
    const names = group.paths.map((path) => externalFile(dirname(topology), { location: path }));
    const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
    for (const [path, extents] of locateWeights(group, sizes) ?? []) {
      located.set(externalFile(dirname(topology), { location: path }), extents);
    }
  }
  return located;
}

/** Reads; undefined if the file is of another kind than its name says, or too large. */
export async function understood<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    const isOther = isNearsideError(error) || error instanceof SyntaxError || isTooLarge(error);
    if (isOther) return undefined;
    throw error;
  }
}

/** Protobuf ends at 2 GiB, as Node's `readFile` does. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_FS_FILE_TOO_LARGE';
}

function liesIn({ offset, sizeBytes }: TensorExtent, fileBytes: number): boolean {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(sizeBytes);
  return whole && offset >= 0 && sizeBytes >= 0 && offset + sizeBytes <= fileBytes;
}

/** @returns bytes of a file; NaN if it is missing, so that no tensor lies in it and no sizes add up */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => Number.NaN,
  );
}
