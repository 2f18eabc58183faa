import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { FlatBuffer, type FlatTable } from './flat-buffer.js';
import { operatorName } from './operator-names.js';

/** The one graph of a TFLite file. Tensors are named by their places in `tensors`. */
export interface TfliteFile {
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** In the order they run. */
  readonly operators: readonly TfliteOperator[];
}

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: TfliteType;
  /** Its values as they lie in the file; undefined for what a run computes. */
  readonly values: Uint8Array | undefined;
  /** Integers stand for `scale × (integer − zero)`. */
  readonly quantized: Quantized | undefined;
  /** Values that are mostly 0 are stored without those. */
  readonly isSparse: boolean;
}

export interface Quantized {
  /** One, or one for each index of the axis. */
  readonly scales: readonly number[];
  readonly zeros: readonly number[];
  readonly axis: number;
}

export interface TfliteOperator {
  readonly index: number;
  /** As the schema has it, or a custom operator's own. */
  readonly name: string;
  /** −1 for one that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Undefined where all are as by default. */
  readonly options: FlatTable | undefined;
  /** Options of a custom operator, as its library lays them out. */
  readonly customOptions: Uint8Array;
}

/** TensorProto.DataType, and bytes of an element. */
export interface TfliteType {
  readonly name: string;
  readonly dataType: number;
  readonly sizeBytes: number;
}

/** By TensorType. Text and complex numbers have no counterpart in a browser. */
const TYPES: Readonly<Record<number, TfliteType>> = {
  0: { name: 'FLOAT32', dataType: 1, sizeBytes: 4 },
  1: { name: 'FLOAT16', dataType: 10, sizeBytes: 2 },
  2: { name: 'INT32', dataType: 6, sizeBytes: 4 },
  3: { name: 'UINT8', dataType: 2, sizeBytes: 1 },
  4: { name: 'INT64', dataType: 7, sizeBytes: 8 },
  6: { name: 'BOOL', dataType: 9, sizeBytes: 1 },
  7: { name: 'INT16', dataType: 5, sizeBytes: 2 },
  9: { name: 'INT8', dataType: 3, sizeBytes: 1 },
  10: { name: 'FLOAT64', dataType: 11, sizeBytes: 8 },
};

/**
 * Field numbers of the schema's tables:
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 */
const MODEL = { operatorCodes: 1, graphs: 2, buffers: 4 } as const;
const CODE = { oldBuiltin: 0, custom: 1, builtin: 3 } as const;
const GRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 } as const;
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3, quantization: 4, sparsity: 6 } as const;
const QUANTIZATION = { scale: 2, zeroPoint: 3, axis: 6 } as const;
const BUFFER = { data: 0, offset: 1, size: 2 } as const;
const OPERATOR = { code: 0, inputs: 1, outputs: 2, options: 4, customOptions: 5 } as const;

/** At byte 4 of the file. */
const IDENTIFIER = 'TFL3';
const MOST_AXES = 8;

/** @throws NearsideError `model-invalid` when the bytes are no whole TFLite file of one graph */
export function parseTfliteFile(bytes: Uint8Array): TfliteFile {
  const identifier = new TextDecoder('latin1').decode(bytes.subarray(4, 8));
  if (identifier !== IDENTIFIER) {
    throw modelInvalid(
      `Expected a TFLite model, with '${IDENTIFIER}' at byte 4, got another file of ${bytes.length} bytes.`,
      { expected: IDENTIFIER },
    );
  }
  const model = new FlatBuffer(bytes).root();
  const graphs = model.tables(MODEL.graphs);
  const [graph] = graphs;
  if (!graph || graphs.length > 1) {
    throw modelInvalid(
      `Expected a TFLite model of one graph, got ${graphs.length}. Export the function alone.`,
      { graphs: graphs.length },
    );
  }
  const buffers = model.tables(MODEL.buffers).map((buffer) => readBuffer(bytes, buffer));
  const codes = model.tables(MODEL.operatorCodes).map(nameOf);
  const tensors = graph.tables(GRAPH.tensors).map((tensor, i) => readTensor(tensor, i, buffers));
  const operators = graph
    .tables(GRAPH.operators)
    .map((operator, index) => readOperator(operator, { index, codes, tensors: tensors.length }));
  const [inputs, outputs] = [GRAPH.inputs, GRAPH.outputs].map((field) => {
    const places = graph.numbers(field, 'int32');
    requirePlaces('The graph', places, { first: 0, tensors: tensors.length });
    return places;
  }) as [number[], number[]];
  return { tensors, operators, inputs, outputs };
}

/** Values of a large file lie behind the FlatBuffer. */
function readBuffer(bytes: Uint8Array, buffer: FlatTable): Uint8Array {
  const [offset, size] = [BUFFER.offset, BUFFER.size].map((field) =>
    buffer.number(field, 'int64'),
  ) as [number, number];
  if (offset <= 1) return buffer.bytes(BUFFER.data); // there is no such place
  if (offset + size <= bytes.length) return bytes.subarray(offset, offset + size);
  throw modelInvalid(
    `Expected a whole TFLite model, got ${bytes.length} bytes, and values from ${offset} to ${offset + size}.`,
    { offset, sizeBytes: bytes.length },
  );
}

function nameOf(code: FlatTable): string {
  const custom = code.text(CODE.custom);
  if (custom !== '') return custom;
  return operatorName(
    Math.max(code.number(CODE.builtin, 'int32'), code.number(CODE.oldBuiltin, 'int8')),
  );
}

function readTensor(table: FlatTable, index: number, buffers: readonly Uint8Array[]): TfliteTensor {
  const name = table.text(TENSOR.name);
  const shape = table.numbers(TENSOR.shape, 'int32');
  const number = table.number(TENSOR.type, 'int8');
  const type = TYPES[number];
  const where = `Tensor ${index} '${name}'`;
  if (!type) {
    throw modelInvalid(`${where}: expected numbers or BOOL, got type ${number}.`, { index, name });
  }
  const elements = elementCount(shape);
  if (shape.length > MOST_AXES || shape.some((axis) => axis < 0) || elements >= 2 ** 31) {
    throw modelInvalid(`${where}: expected a shape, got [${shape.slice(0, MOST_AXES)}].`, {
      index,
      name,
    });
  }
  const values = buffers[table.number(TENSOR.buffer, 'uint32')];
  const isSparse = table.table(TENSOR.sparsity) !== undefined;
  const expected = elements * type.sizeBytes;
  if (values && values.length > 0 && !isSparse && values.length !== expected) {
    throw modelInvalid(
      `${where}: expected ${expected} bytes of ${type.name}, as its shape [${shape}] says, got ${values.length}.`,
      { index, name, expected, got: values.length },
    );
  }
  const held = values?.length ? values : undefined;
  return { name, shape, type, values: held, quantized: readQuantized(table), isSparse };
}

function readQuantized(tensor: FlatTable): Quantized | undefined {
  const table = tensor.table(TENSOR.quantization);
  const scales = table?.numbers(QUANTIZATION.scale, 'float32') ?? [];
  if (!table || scales.length === 0) return undefined;
  const stored = table.numbers(QUANTIZATION.zeroPoint, 'int64');
  const zeros = scales.map((_, i) => stored[i] ?? 0);
  return { scales, zeros, axis: table.number(QUANTIZATION.axis, 'int32') };
}

function readOperator(
  table: FlatTable,
  { index, codes, tensors }: { index: number; codes: readonly string[]; tensors: number },
): TfliteOperator {
  const code = table.number(OPERATOR.code, 'uint32');
  const name = codes[code];
  if (name === undefined) {
    throw modelInvalid(`Operator ${index}: expected one of ${codes.length} kinds, got ${code}.`, {
      operator: index,
    });
  }
  const inputs = table.numbers(OPERATOR.inputs, 'int32');
  const outputs = table.numbers(OPERATOR.outputs, 'int32');
  requirePlaces(`Operator ${index} (${name})`, inputs, { first: -1, tensors });
  requirePlaces(`Operator ${index} (${name})`, outputs, { first: 0, tensors });
  const options = table.table(OPERATOR.options);
  const customOptions = table.bytes(OPERATOR.customOptions);
  return { index, name, inputs, outputs, options, customOptions };
}

function requirePlaces(
  what: string,
  places: readonly number[],
  { first, tensors }: { first: number; tensors: number },
): void {
  const wrong = places.find((place) => place < first || place >= tensors);
  if (wrong === undefined) return;
  throw modelInvalid(`${what}: expected one of ${tensors} tensors, got number ${wrong}.`, {
    tensor: wrong,
  });
}
