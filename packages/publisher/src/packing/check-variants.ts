import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { type ModelSpec, partsOf, stagesOf, type Variant } from '@nearside/core';
import { modelInvalid, namesOf, requireUnique } from '../errors/model-invalid.js';
import { sizeOf } from '../files/stat-path.js';
import { externalTensors, freeAxes } from './locate-tensors.js';
import { modelFileName } from './model-file.js';
import { parseManifest, weightFiles } from './tfjs-manifest.js';

/** No tab can be given more: the heap of a wasm has 4 GiB, and needs more than the weights. */
const MAX_WEIGHT_BYTES = 2 * 1024 ** 3;

/** @throws NearsideError `model-invalid`, `metadata-malformed` or `name-unsafe` */
export async function checkVariants(directory: string, spec: ModelSpec): Promise<void> {
  for (const { name, inputs, outputs } of stagesOf(spec)) {
    const where = name === '' ? 'model.json' : `model.json, stage '${name}'`;
    requireUnique(`${where}, inputs`, namesOf(inputs));
    requireUnique(`${where}, outputs`, namesOf(outputs));
  }
  requireUnique('model.json, variants', namesOf(spec.variants));
  for (const variant of spec.variants.flatMap(partsOf)) {
    if (variant.runtime === 'tfjs') await checkWeightsManifest(directory, variant);
    else {
      await checkExternalData(directory, variant);
      await checkDimensions(directory, variant);
    }
  }
}

/**
 * Checks that devices find the weights that an ONNX file has in others: each in a file of the variant, inside it, and in
 * bytes of its own unless two tensors are the same. A file that is not understood is left to their golden check.
 */
async function checkExternalData(directory: string, { name, files }: Variant): Promise<void> {
  const [model = ''] = files;
  const byFile = new Map<string, ExternalTensor[]>();
  for (const tensor of await externalTensors(directory, model)) {
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
    for (const tensor of tensors) requireInside(model, tensor, fileBytes);
    requireApart(model, tensors);
  }
}

type ExternalTensor = Awaited<ReturnType<typeof externalTensors>>[number];

function requireInside(model: string, tensor: ExternalTensor, fileBytes: number): void {
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
    `${model}: expected the tensor '${name}' ${expected}, got bytes ${offset} to ${offset + sizeBytes}. Export ` +
      'the model again.',
    { file, tensor: name, offset, sizeBytes },
  );
}

/** A pinned axis must be free in the file. A misspelt name would silently pin nothing. */
async function checkDimensions(
  directory: string,
  { name, files, ...rest }: Variant,
): Promise<void> {
  const dimensions = 'dimensions' in rest ? Object.keys(rest.dimensions ?? {}) : [];
  const [model = ''] = files;
  const free = dimensions.length > 0 ? await freeAxes(directory, model) : undefined;
  const unknown = free && dimensions.find((dimension) => !free.includes(dimension));
  if (unknown === undefined) return;
  throw modelInvalid(
    `model.json, variant '${name}': expected its dimensions to be axes that ${model} leaves free, ` +
      `${free?.join(', ') || 'none'}; got ${unknown}.`,
    { variant: name, expected: free, got: unknown },
  );
}

/** TensorFlow.js concatenates weight files in manifest order. Another order gives other weights. */
async function checkWeightsManifest(directory: string, variant: Variant): Promise<void> {
  const [topology = '', ...weights] = variant.files;
  const json = await readFile(join(directory, topology), 'utf8').then(parseOrUndefined);
  const groups = parseManifest(json, topology);
  for (const path of groups.flatMap(({ paths }) => paths)) {
    modelFileName(dirname(topology), path, `${topology}, weightsManifest`);
  }
  const named = weightFiles(topology, groups);
  if (named.join() === weights.join()) return;
  throw modelInvalid(
    `model.json, variant '${variant.name}': expected its files to be ${topology} and then what ` +
      `its weightsManifest names, ${named.join(', ')}; got ${weights.join(', ')}.`,
    { variant: variant.name, expected: named, got: weights },
  );
}

/** Text that is not JSON parses as undefined, which does not fit the schema. */
function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
