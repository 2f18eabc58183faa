import { basename, dirname, join, resolve } from 'node:path';
import {
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
  const { inputs, outputs, probabilities, dtype, files } = await readOnnx(path);
  const own = basename(path, '.onnx');
  return {
    title: own === 'model' ? basename(dirname(resolve(path))) : own,
    task: 'tensors',
    inputs,
    outputs,
    probabilities,
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: dtype, runtime: 'onnx', dtype, files: [...files.keys()] }],
    weights: files,
  };
}

/** @throws NearsideError `model-invalid`, naming the file and what it has, or `name-unsafe` */
export async function readOnnx(path: string): Promise<OnnxSource> {
  const onnx = parseNamed(path, await readModelBytes(path, path));
  const names = new Set(readPlaces(basename(path), onnx.tensors).map(({ file }) => file));
  const files = new Map([[nameInDirectory(basename(path)), path]]);
  for (const name of [...names].sort()) files.set(`${FOLDER}/${name}`, join(dirname(path), name));
  return {
    inputs: onnx.inputs.map((value) => tensorSpec(path, 'input', value)),
    outputs: onnx.outputs.map((value) => tensorSpec(path, 'output', value)),
    probabilities: onnx.probabilities,
    dtype: dtypeOf(onnx),
    files,
  };
}

/** Parses, and adds the file's name to an error. The parser only sees bytes. */
function parseNamed(path: string, bytes: Uint8Array): OnnxFile {
  try {
    return parseOnnxFile(bytes);
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    throw modelInvalid(`${path}: ${error.message}`, { ...error.details, file: path });
  }
}

function nameInDirectory(file: string): string {
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
    const elements = shape.reduce((product, axis) => product * axis, 1);
    if (name) bytes.set(name, (bytes.get(name) ?? 0) + (elements * bits) / 8);
  }
  const [largest] = [...bytes].sort((a, b) => b[1] - a[1]);
  return largest?.[0] ?? 'fp32';
}
