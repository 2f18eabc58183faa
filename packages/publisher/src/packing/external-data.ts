import { join } from 'node:path';
import { dirname, join as joinPosix, normalize } from 'node:path/posix';
import { elementCount, FileNameSchema, type Variant } from '@nearside/core';
import { is } from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import type { TensorExtent } from './cut-at-tensors.js';
import { readTensors, sizeOf } from './locate-tensors.js';
import { leadsOut } from './model-file.js';
import { ONNX_DATATYPES } from './onnx-datatypes.js';
import type { OnnxTensor } from './onnx-file.js';

/** No tab can be given more: the heap of a wasm has 4 GiB, and needs more than the weights. */
const MAX_WEIGHT_BYTES = 2 * 1024 ** 3;

const SAVE_BESIDE =
  'Save the model again with its weights beside it, in Python with `onnx.save(model, path, ' +
  "save_as_external_data=True, location='weights.bin')`.";

const SAVE_INSIDE =
  'Save the model again with them inside, in Python with `onnx.save(onnx.load(path), path)`.';

/** A tensor that an ONNX model has in another file. */
export interface ExternalTensor extends TensorExtent {
  /** Named relative to the same folder as the model. */
  readonly file: string;
}

/**
 * Checks that devices find the weights that an ONNX file has in others: each in a file of the variant, inside it, and in
 * bytes of its own unless two tensors are the same. A file that is not understood is left to their golden check.
 *
 * @throws NearsideError as {@link readPlaces}
 */
export async function checkExternalData(
  directory: string,
  { name, files }: Pick<Variant, 'name' | 'files'>,
): Promise<void> {
  const [model = ''] = files;
  const byFile = new Map<string, ExternalTensor[]>();
  for (const tensor of readPlaces(model, (await readTensors(directory, model)) ?? [])) {
    if (!files.includes(tensor.file)) {
      throw modelInvalid(
        `model.json, variant '${name}': expected ${tensor.file} among its files, because ${model} has the ` +
          `tensor '${tensor.name}' there; got ${files.join(', ')}.`,
        { variant: name, expected: tensor.file, got: files, tensor: tensor.name },
      );
    }
    const inFile = byFile.get(tensor.file) ?? [];
    byFile.set(tensor.file, inFile);
    if (!Number.isNaN(tensor.sizeBytes)) inFile.push(tensor); // else of a type that nobody knows
  }
  for (const [file, tensors] of byFile) {
    const fileBytes = await sizeOf(join(directory, file));
    for (const tensor of tensors) requireInFile(model, tensor, fileBytes);
    requireApart(model, tensors);
  }
}

/**
 * Reads in which files an ONNX model has tensors, as ONNX Runtime in browsers would.
 *
 * @param model its name
 * @throws NearsideError `name-unsafe` for a file that is not beside the model, `model-invalid` for one that a browser
 *   would not find, or a place that does not fit the tensor; they name tensor and location
 */
export function readPlaces(model: string, tensors: readonly OnnxTensor[]): ExternalTensor[] {
  return tensors.flatMap((tensor) => {
    const { name, external } = tensor;
    if (!external) return [];
    const { location, offset } = external;
    const refuse = (problem: string, advice = SAVE_BESIDE) =>
      modelInvalid(`${model}, tensor '${name}': expected ${problem}. ${advice}`, {
        file: model,
        tensor: name,
        location,
      });
    const shown = `the location '${location.slice(0, 200)}'`;
    if (external.wrong) {
      throw refuse(`a location, and an offset and a length in digits, got ${external.wrong}`);
    }
    if (leavesFolder(location)) {
      throw leadsOut(
        `${model}, tensor '${name}': expected its weights beside it, got ${shown}`,
        SAVE_BESIDE,
      );
    }
    if (tensor.isNested) {
      throw refuse(
        `the weights of a branch, loop or function inside the model, because browsers find them in no other file; got ${shown}`,
        SAVE_INSIDE,
      );
    }
    const plain = normalize(location);
    if (!is(FileNameSchema, plain)) {
      throw refuse(
        "a file beside the model, its name of letters, digits, '.', '_' and '-', because it becomes part of an " +
          `address; got ${shown}`,
      );
    }
    if (location !== plain && location !== `./${plain}`) {
      throw refuse(`the location '${plain}', as browsers look for it, got ${shown}`);
    }
    const { expected, got } = bytesOf(tensor, external);
    if (expected !== got && !Number.isNaN(expected)) {
      throw refuse(`${expected} bytes in ${plain}, as its shape has, got a length of ${got}`);
    }
    return [{ name, file: joinPosix(dirname(model), plain), offset, sizeBytes: got }];
  });
}

function leavesFolder(location: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:)/.test(location) || /^\.\.(?:\/|$)/.test(normalize(location));
}

/** NaN where neither the file nor the type tells. */
function bytesOf(
  { dataType, shape }: OnnxTensor,
  { length }: Pick<NonNullable<OnnxTensor['external']>, 'length'>,
): { expected: number; got: number } {
  const bits = elementCount(shape) * (ONNX_DATATYPES[dataType]?.bits ?? Number.NaN);
  const expected = Math.ceil(bits / 8);
  return { expected, got: length ?? expected };
}

function requireInFile(model: string, tensor: ExternalTensor, fileBytes: number): void {
  const { file, offset, sizeBytes } = tensor;
  const end = offset + sizeBytes;
  if (end > MAX_WEIGHT_BYTES) {
    throw misplaced(model, tensor, `in the first ${MAX_WEIGHT_BYTES} bytes of ${file}`);
  }
  if (offset >= 0 && sizeBytes >= 0 && end <= fileBytes) return;
  throw misplaced(model, tensor, `inside the ${fileBytes} bytes of ${file}`);
}

/** Tied weights have the same range twice. */
function requireApart(model: string, tensors: readonly ExternalTensor[]): void {
  const inOrder = [...tensors].sort((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes);
  let before: ExternalTensor | undefined;
  for (const tensor of inOrder) {
    const { offset, sizeBytes } = tensor;
    const isTied = before?.offset === offset && before.sizeBytes === sizeBytes;
    if (before && !isTied && sizeBytes > 0 && offset < before.offset + before.sizeBytes) {
      throw misplaced(model, tensor, `apart from '${before.name}' in ${tensor.file}`);
    }
    before = tensor;
  }
}

function misplaced(
  model: string,
  { name, file, offset, sizeBytes }: ExternalTensor,
  expected: string,
) {
  return modelInvalid(
    `${model}: expected the tensor '${name}' ${expected}, got bytes ${offset} to ${offset + sizeBytes}. Was all ` +
      'of the file copied? If so, export the model again.',
    { file, tensor: name, offset, sizeBytes },
  );
}
