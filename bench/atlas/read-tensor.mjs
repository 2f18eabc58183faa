import {
  readFields,
  readPacked,
  readText,
} from '../../packages/publisher/dist/packing/protobuf-fields.js';

/** Field numbers of TensorProto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const TENSOR = {
  dims: 1,
  dataType: 2,
  floats: 4,
  int32s: 5,
  strings: 6,
  int64s: 7,
  raw: 9,
  doubles: 10,
  uint64s: 11,
};

/** TensorProto.DataType: what the library calls it, and the array that its elements are in. */
const DATATYPES = {
  1: ['FP32', Float32Array],
  2: ['UINT8', Uint8Array],
  3: ['INT8', Int8Array],
  4: ['UINT16', Uint16Array],
  5: ['INT16', Int16Array],
  6: ['INT32', Int32Array],
  7: ['INT64', BigInt64Array],
  8: ['BYTES', undefined],
  9: ['BOOL', Uint8Array],
  10: ['FP16', Uint16Array],
  11: ['FP64', Float64Array],
  12: ['UINT32', Uint32Array],
};

/** Those that a browser has no array for, or the library no tensor. */
const OTHERS = {
  13: 'UINT64',
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  16: 'BFLOAT16',
  17: 'FLOAT8E4M3FN',
  18: 'FLOAT8E4M3FNUZ',
  19: 'FLOAT8E5M2',
  20: 'FLOAT8E5M2FNUZ',
  21: 'UINT4',
  22: 'INT4',
  23: 'FLOAT4E2M1',
};

/** @param {number} dataType of TensorProto @returns {string | undefined} the library's name, where it has one */
export function datatypeOf(dataType) {
  return DATATYPES[dataType]?.[0];
}

/** @returns {string} what ONNX calls a datatype that the library has not */
export function onnxName(dataType) {
  return OTHERS[dataType] ?? `datatype ${dataType}`;
}

/**
 * Reads a TensorProto of a datatype that the library has.
 *
 * @param {Uint8Array} bytes the whole message
 * @returns {{ datatype: string, shape: number[], data: Uint8Array | string[] }} `data` are little-endian elements, or texts
 */
export function readTensor(bytes) {
  const fields = [...readFields(bytes, { start: 0, end: bytes.length })];
  const shape = numbersIn(bytes, fields, TENSOR.dims);
  const dataType = fields.findLast(({ number }) => number === TENSOR.dataType)?.value ?? 0;
  const [datatype, ArrayType] = DATATYPES[dataType] ?? [];
  if (!datatype)
    throw new TypeError(`Expected a datatype of the library, got ${onnxName(dataType)}.`);
  const texts = fields.filter(({ number }) => number === TENSOR.strings);
  if (!ArrayType) return { datatype, shape, data: texts.map((text) => readText(bytes, text)) };
  return { datatype, shape, data: elements(bytes, fields, ArrayType) };
}

/** As they lie in memory; written one by one they are made so. */
function elements(bytes, fields, ArrayType) {
  const raw = fields.filter(({ number }) => number === TENSOR.raw);
  const asBytes = fields.filter(
    ({ number }) => number === TENSOR.floats || number === TENSOR.doubles,
  );
  const parts = raw.length > 0 ? raw : asBytes;
  if (parts.length > 0)
    return Buffer.concat(parts.map(({ contentStart, end }) => bytes.subarray(contentStart, end)));
  const numbers = [TENSOR.int32s, TENSOR.int64s, TENSOR.uint64s].flatMap((field) =>
    numbersIn(bytes, fields, field),
  );
  const array =
    ArrayType === BigInt64Array ? ArrayType.from(numbers, BigInt) : ArrayType.from(numbers);
  return new Uint8Array(array.buffer);
}

/** Of a repeated field, packed or not. */
function numbersIn(bytes, fields, wanted) {
  return fields
    .filter(({ number }) => number === wanted)
    .flatMap((field) => (field.hasContent ? [...readPacked(bytes, field)] : [field.value]));
}
