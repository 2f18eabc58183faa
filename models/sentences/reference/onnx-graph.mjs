import {
  DIMENSION,
  GRAPH,
  MODEL,
  OPSET,
  SHAPE,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from '../../../packages/publisher/dist/packing/onnx-file.js';
import { bytesField, intField } from '../../../packages/publisher/dist/packing/protobuf-fields.js';
import { computingNode, constant } from '../../../packages/publisher/dist/packing/write-nodes.js';

/** TensorProto.DataType: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const FLOAT = 1;
export const INT64 = 7;

/** The first with LayerNormalization, and the format of files that it came with. */
const FILE = { opset: 17, irVersion: 8 };

/** An ONNX graph that is put together node by node. Its methods return the name of what they add. */
export class OnnxGraph {
  #parts = [];

  /** @param {(string | number)[]} axes names of those that are free */
  input(name, dataType, axes) {
    this.#parts.push(bytesField(GRAPH.input, valueInfo(name, dataType, axes)));
    return name;
  }

  output(name, dataType, axes) {
    this.#parts.push(bytesField(GRAPH.output, valueInfo(name, dataType, axes)));
  }

  floats(name, shape, values) {
    return this.#constant(name, FLOAT, { shape, values: Float32Array.from(values) });
  }

  integers(name, values) {
    const shape = [values.length];
    return this.#constant(name, INT64, { shape, values: BigInt64Array.from(values, BigInt) });
  }

  /** @param {{ integers?: Record<string, number | number[]>, floats?: Record<string, number> }} [attributes] */
  node(name, operator, inputs, attributes) {
    return this.split([name], operator, inputs, attributes)[0];
  }

  /** A node of several outputs. */
  split(outputs, operator, inputs, attributes) {
    this.#parts.push(...computingNode({ operator, inputs, outputs, ...attributes }));
    return outputs;
  }

  finish(name) {
    const opset = [bytesField(OPSET.domain, ''), intField(OPSET.version, FILE.opset)];
    return Buffer.concat([
      intField(MODEL.irVersion, FILE.irVersion),
      bytesField(MODEL.graph, Buffer.concat([...this.#parts, bytesField(GRAPH.name, name)])),
      bytesField(MODEL.opsetImport, Buffer.concat(opset)),
    ]);
  }

  #constant(name, dataType, tensor) {
    this.#parts.push(...constant(name, { dataType, ...tensor }, FILE));
    return name;
  }
}

/** The content of a ValueInfoProto. */
function valueInfo(name, dataType, axes) {
  const dimensions = axes.map((axis) => {
    const isFree = typeof axis === 'string';
    const size = isFree ? bytesField(DIMENSION.parameter, axis) : intField(DIMENSION.value, axis);
    return bytesField(SHAPE.dimension, size);
  });
  const tensor = [
    intField(TENSOR_TYPE.elementType, dataType),
    bytesField(TENSOR_TYPE.shape, Buffer.concat(dimensions)),
  ];
  const type = bytesField(TYPE.tensor, Buffer.concat(tensor));
  return Buffer.concat([bytesField(VALUE_INFO.name, name), bytesField(VALUE_INFO.type, type)]);
}
