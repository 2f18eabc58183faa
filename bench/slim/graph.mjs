import { bytesField, intField } from '../../packages/publisher/dist/packing/protobuf-fields.js';
import { createRandom } from './draw.js';

/** TensorProto.DataType, and what the bench draws inputs by. */
const DATATYPES = {
  FP32: [1, Float32Array],
  UINT8: [2, Uint8Array],
  INT8: [3, Int8Array],
  INT32: [6, Int32Array],
  INT64: [7, BigInt64Array],
};

/** AttributeProto: its field, and its type. */
const FLOAT = [2, 1];
const INTEGER = [3, 2];
const TEXT = [4, 3];
const INTEGERS = [8, 7];

const IR_VERSION = 8;

/** An ONNX graph that is put together node by node, as an exporter would. Weights are drawn, the same each time. */
export class Graph {
  #random = createRandom(32);
  #parts = [];
  #count = 0;
  #opset;
  #inputs = {};
  #outputs = {};

  constructor({ opset = 17 } = {}) {
    this.#opset = opset;
  }

  /** @param {(number | number[])[]} axes one with several sizes takes one of them in each run @param {number[]} [range] */
  input(name, datatype, axes, range) {
    this.#inputs[name] = range ? [datatype, axes, range] : [datatype, axes];
    const shape = axes.map((axis, i) => (Array.isArray(axis) ? `${name}-${i}` : axis));
    this.#parts.push(bytesField(11, valueInfo(name, datatype, shape)));
    return name;
  }

  /** @param {(number | string)[]} shape */
  output(name, datatype, shape) {
    this.#outputs[name] = [datatype];
    this.#parts.push(bytesField(12, valueInfo(name, datatype, shape)));
  }

  constant(values, { datatype = 'FP32', shape = [values.length] } = {}) {
    const [, Values] = DATATYPES[datatype];
    const data = Values.from(values, datatype === 'INT64' ? BigInt : Number);
    const name = this.#name('c');
    const dims = shape.map((axis) => intField(1, axis));
    const rest = [
      intField(2, DATATYPES[datatype][0]),
      bytesField(8, name),
      bytesField(9, new Uint8Array(data.buffer)),
    ];
    this.#parts.push(bytesField(5, Buffer.concat([...dims, ...rest])));
    return name;
  }

  scalar(value, datatype) {
    return this.constant([value], { datatype, shape: [] });
  }

  /** Drawn floats, as large as layers have them that were initialised for so many inputs. */
  weight(...shape) {
    const fanIn = shape.slice(1).reduce((product, axis) => product * axis, 1);
    const values = this.#draw(shape, () => (2 * this.#random() - 1) / Math.sqrt(fanIn));
    return this.constant(values, { shape });
  }

  /** Drawn integers of 8 bits. */
  codes(datatype, ...shape) {
    const low = datatype === 'INT8' ? -127 : 0;
    const values = this.#draw(shape, () => low + Math.floor(255 * this.#random()));
    return this.constant(values, { datatype, shape });
  }

  /** @returns {string | string[]} its output, or all of them */
  node(operator, inputs, { outputs = 1, domain = '', ...attributes } = {}) {
    const names = Array.from({ length: outputs }, () => this.#name('v'));
    const content = [
      ...inputs.map((name) => bytesField(1, name)),
      ...names.map((name) => bytesField(2, name)),
      bytesField(3, this.#name(operator)),
      bytesField(4, operator),
      ...Object.entries(attributes).map(attribute),
      bytesField(7, domain),
    ];
    this.#parts.push(bytesField(1, Buffer.concat(content)));
    return outputs === 1 ? names[0] : names;
  }

  /** @returns {{ bytes: Buffer, inputs: object, outputs: object }} the file, and what `draw.js` draws for it */
  finish() {
    const opset = Buffer.concat([bytesField(1, ''), intField(2, this.#opset)]);
    const graph = bytesField(7, Buffer.concat([bytesField(2, 'graph'), ...this.#parts]));
    const bytes = Buffer.concat([intField(1, IR_VERSION), graph, bytesField(8, opset)]);
    return { bytes, inputs: this.#inputs, outputs: this.#outputs };
  }

  #name(prefix) {
    this.#count += 1;
    return `${prefix}_${this.#count}`;
  }

  #draw(shape, next) {
    const length = shape.reduce((product, axis) => product * axis, 1);
    return Array.from({ length }, next);
  }
}

function valueInfo(name, datatype, shape) {
  const axes = shape.map((axis) =>
    bytesField(1, typeof axis === 'number' ? intField(1, axis) : bytesField(2, axis)),
  );
  const tensor = Buffer.concat([
    intField(1, DATATYPES[datatype][0]),
    bytesField(2, Buffer.concat(axes)),
  ]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}

function attribute([name, value]) {
  const [field, type] = kindOf(value);
  const values = Array.isArray(value) ? value : [value];
  const written = values.map((each) => {
    if (field === FLOAT[0]) return float(field, each);
    return field === TEXT[0] ? bytesField(field, each) : intField(field, each);
  });
  return bytesField(5, Buffer.concat([bytesField(1, name), ...written, intField(20, type)]));
}

function kindOf(value) {
  if (Array.isArray(value)) return INTEGERS;
  if (typeof value === 'string') return TEXT;
  return Number.isInteger(value) ? INTEGER : FLOAT;
}

/** Four bytes behind a tag whose wire type is 5. */
function float(field, value) {
  const bytes = Buffer.alloc(5, field * 8 + 5);
  bytes.writeFloatLE(value, 1);
  return bytes;
}
