import { basename, dirname, extname, join, resolve } from 'node:path';
import {
  elementCount,
  FileNameSchema,
  isNearsideError,
  ONNX_WEIGHT_TYPES,
  type TensorSpec,
} from '@nearside/core';
import { is } from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import { readPlaces } from '../packing/external-data.js';
import { readModelBytes } from '../packing/model-file.js';
import { ONNX_DATATYPES } from '../packing/onnx-datatypes.js';
import { type OnnxFile, type OnnxValue, parseOnnxFile } from '../packing/onnx-file.js';
import type { SourceModel } from './draft-spec.js';

/** ONNX files are put here in a model directory, under their own names. */
const FOLDER = 'onnx';

/** One ONNX file, its tensors in the terms of a spec, and its other files. */
export interface OnnxSource {
  readonly inputs: TensorSpec[];
  readonly outputs: TensorSpec[];
  readonly probabilities: ReadonlySet<string>;
  /** By the type that most bytes of the weights have: `fp32`, `int8` … */
  readonly dtype: string;
  /** Name in the model directory → path of the original; the model first, then external weights. */
  readonly files: ReadonlyMap<string, string>;
}

/** @throws NearsideError `model-invalid` */
export async function sourceFromOnnx(path: string): Promise<SourceModel> {
  const { dtype, files, ...described } = await readOnnx(path);
  const variants = [{ name: dtype, runtime: 'onnx' as const, dtype, files: [...files.keys()] }];
  return { ...ofTensors(path), ...described, variants, weights: files };
}

/** A model that takes and gives tensors, called as its file. */
export function ofTensors(path: string) {
  return { title: titleOf(path), task: 'tensors' as const, preprocessing: [], postprocessing: [] };
}

/** Files of this name are called as the folder that they lie in. */
function titleOf(path: string): string {
  const own = basename(path, extname(path));
  return own === 'model' ? basename(dirname(resolve(path))) : own;
}

/** @throws NearsideError `model-invalid`, naming the file and what it has, or `name-unsafe` */
export async function readOnnx(path: string): Promise<OnnxSource> {
  const bytes = await readModelBytes(path, path);
  const onnx = namingFile(path, () => parseOnnxFile(bytes));
  const names = new Set(readPlaces(basename(path), onnx.tensors).map(({ file }) => file));
  const files = new Map([[nameInDirectory(basename(path)), path]]);
  for (const name of [...names].sort()) files.set(`${FOLDER}/${name}`, join(dirname(path), name));
  return { ...describeTensors(path, onnx), dtype: dtypeOf(onnx), files };
}

/** The inputs and outputs of a file, in the terms of a spec. */
export function describeTensors(
  path: string,
  onnx: OnnxFile,
): Pick<OnnxSource, 'inputs' | 'outputs' | 'probabilities'> {
  return {
    inputs: onnx.inputs.map((value) => tensorSpec(path, 'input', value)),
    outputs: onnx.outputs.map((value) => tensorSpec(path, 'output', value)),
    probabilities: onnx.probabilities,
  };
}

/** Adds the file's name to an error of what only sees bytes. */
export function namingFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    throw modelInvalid(`${path}: ${error.message}`, { ...error.details, file: path });
  }
}

export function nameInDirectory(file: string): string {
  if (is(FileNameSchema, file)) return `${FOLDER}/${file}`;
  throw modelInvalid(
    `${file}: expected a name of letters, digits, '.', '_' and '-', because it becomes part of an address. ` +
      'Rename the file.',
    { file },
  );
}

function tensorSpec(path: string, role: string, { name, dataType, shape }: OnnxValue): TensorSpec {
  const type = ONNX_DATATYPES[dataType];
  if (!type?.datatype) {
    throw modelInvalid(
      `${path}, ${role} '${name}': expected a tensor of a type that a browser has an array for, got ` +
        `${type?.name ?? `type ${dataType}`}. Cast it in the graph.`,
      { file: path, name, dataType },
    );
  }
  if (!shape) {
    throw modelInvalid(
      `${path}, ${role} '${name}': expected a shape, got none. Infer it with ` +
        '`onnx.shape_inference.infer_shapes` and save the model.',
      { file: path, name },
    );
  }
  return { name, datatype: type.datatype, shape };
}

/** Shape constants are integers of 64 bits, which weights never are. */
function dtypeOf({ tensors }: OnnxFile): string {
  const bytes = new Map<string, number>();
  for (const { dataType, shape } of tensors) {
    const name = ONNX_WEIGHT_TYPES[dataType];
    const bits = ONNX_DATATYPES[dataType]?.bits ?? 0;
    if (name) bytes.set(name, (bytes.get(name) ?? 0) + (elementCount(shape) * bits) / 8);
  }
  const [largest] = [...bytes].sort((a, b) => b[1] - a[1]);
  return largest?.[0] ?? 'fp32';
}
