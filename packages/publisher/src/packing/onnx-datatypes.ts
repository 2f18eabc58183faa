import type { Datatype } from '@nearside/core';

/** TensorProto.DataType. */
export const [FLOAT, INT8, INT64, FLOAT16] = [1, 3, 7, 10];

/**
 * By TensorProto.DataType: Nearside's name, if a device has an array for it, and the bits of one element:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const ONNX_DATATYPES: Readonly<
  Record<number, { name: string; datatype?: Datatype; bits: number }>
> = {
  1: { name: 'FLOAT', datatype: 'FP32', bits: 32 },
  2: { name: 'UINT8', datatype: 'UINT8', bits: 8 },
  3: { name: 'INT8', datatype: 'INT8', bits: 8 },
  4: { name: 'UINT16', datatype: 'UINT16', bits: 16 },
  5: { name: 'INT16', datatype: 'INT16', bits: 16 },
  6: { name: 'INT32', datatype: 'INT32', bits: 32 },
  7: { name: 'INT64', datatype: 'INT64', bits: 64 },
  9: { name: 'BOOL', datatype: 'BOOL', bits: 8 },
  10: { name: 'FLOAT16', datatype: 'FP16', bits: 16 },
  11: { name: 'DOUBLE', datatype: 'FP64', bits: 64 },
  12: { name: 'UINT32', datatype: 'UINT32', bits: 32 },
  13: { name: 'UINT64', bits: 64 },
  14: { name: 'COMPLEX64', bits: 64 },
  15: { name: 'COMPLEX128', bits: 128 },
  16: { name: 'BFLOAT16', bits: 16 },
  17: { name: 'FLOAT8E4M3FN', bits: 8 },
  18: { name: 'FLOAT8E4M3FNUZ', bits: 8 },
  19: { name: 'FLOAT8E5M2', bits: 8 },
  20: { name: 'FLOAT8E5M2FNUZ', bits: 8 },
  21: { name: 'UINT4', bits: 4 },
  22: { name: 'INT4', bits: 4 },
  23: { name: 'FLOAT4E2M1', bits: 4 },
};
