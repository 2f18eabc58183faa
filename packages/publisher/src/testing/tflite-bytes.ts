/** A field of a FlatBuffer's table; undefined for one that is left out. */
type Field =
  | undefined
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly list: List }
  | { readonly table: readonly Field[] }
  | { readonly tables: readonly (readonly Field[])[] };

type List = Uint8Array | Int32Array | Float32Array | BigInt64Array;

/** Values lie where all types of numbers may. */
const ALIGNMENT = 16;
const MOST_BYTES = 1 << 20;

/** Writes TFLite files of one operator, as no tool of Google's runs here: https://flatbuffers.dev/internals */
class FlatBufferWriter {
  readonly #bytes = Buffer.alloc(MOST_BYTES);
  #end = 8; // after the root and the identifier

  write(root: readonly Field[]): Buffer {
    this.#bytes.write('TFL3', 4, 'latin1');
    this.#bytes.writeUInt32LE(this.#table(root), 0);
    return this.#bytes.subarray(0, this.#end);
  }

  /** The list of a table's fields lies before it, and what its fields lead to behind. */
  #table(fields: readonly Field[]): number {
    const list = this.#take(4 + 2 * fields.length, 2);
    const start = this.#take(4 + 4 * fields.length, 4);
    this.#bytes.writeUInt16LE(4 + 2 * fields.length, list);
    this.#bytes.writeUInt16LE(4 + 4 * fields.length, list + 2);
    this.#bytes.writeInt32LE(start - list, start);
    for (const [i, field] of fields.entries()) {
      if (!field) continue;
      this.#bytes.writeUInt16LE(4 + 4 * i, list + 4 + 2 * i);
      this.#field(field, start + 4 + 4 * i);
    }
    return start;
  }

  #field(field: NonNullable<Field>, at: number): void {
    if ('int8' in field) this.#bytes.writeInt8(field.int8, at);
    else if ('int32' in field) this.#bytes.writeInt32LE(field.int32, at);
    else if ('float32' in field) this.#bytes.writeFloatLE(field.float32, at);
    else if ('list' in field) this.#lead(at, this.#list(field.list));
    else if ('table' in field) this.#lead(at, this.#table(field.table));
    else this.#lead(at, this.#tables(field.tables));
  }

  /** After the number of its elements. A text ends with a 0 that does not count. */
  #list(elements: List): number {
    const start = this.#take(ALIGNMENT + elements.byteLength + 1, ALIGNMENT) + ALIGNMENT - 4;
    this.#bytes.writeUInt32LE(elements.length, start);
    this.#bytes.set(bytesOf(elements), start + 4);
    return start;
  }

  #tables(tables: readonly (readonly Field[])[]): number {
    const start = this.#take(4 + 4 * tables.length, 4);
    this.#bytes.writeUInt32LE(tables.length, start);
    for (const [i, table] of tables.entries()) this.#lead(start + 4 + 4 * i, this.#table(table));
    return start;
  }

  #lead(from: number, to: number): void {
    this.#bytes.writeUInt32LE(to - from, from);
  }

  #take(sizeBytes: number, alignment: number): number {
    const start = Math.ceil(this.#end / alignment) * alignment;
    this.#end = start + sizeBytes;
    return start;
  }
}

export interface TestTensor {
  readonly name?: string;
  readonly shape: readonly number[];
  /** A constant; without it what a run is given or computes. */
  readonly values?: Float32Array | Int32Array | Int8Array | Uint16Array;
  /** TensorType, 0 for floats. */
  readonly type?: number;
  readonly scales?: readonly number[];
  readonly scaledAxis?: number;
}

export interface TestOperator {
  /** BuiltinOperator, or a custom operator's name. */
  readonly code: number | string;
  /** 1 by default; later ones take more types. */
  readonly version?: number;
  /** BuiltinOptions: which table the options are. */
  readonly optionsType?: number;
  readonly options?: readonly Field[];
  readonly customOptions?: Uint8Array;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface TestModel {
  readonly tensors: readonly TestTensor[];
  readonly operators: readonly TestOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const CUSTOM = 32;

/** A TFLite file. Each constant has a buffer, after an empty one. */
export function tfliteBytes({ tensors, operators, inputs, outputs }: TestModel): Buffer {
  const constants = tensors.flatMap(({ values }) => values ?? []);
  const buffers = [[], ...constants.map((values) => [{ list: bytesOf(values) }])];
  const bufferOf = ({ values }: TestTensor) => (values ? 1 + constants.indexOf(values) : 0);
  const graph = [
    { tables: tensors.map((tensor, i) => tensorFields(tensor, i, bufferOf(tensor))) },
    integers(inputs),
    integers(outputs),
    { tables: operators.map(operatorFields) },
  ];
  const model = [
    { int32: 3 },
    { tables: operators.map(codeFields) },
    { tables: [graph] },
    undefined,
    { tables: buffers },
  ];
  return new FlatBufferWriter().write(model);
}

function tensorFields(tensor: TestTensor, i: number, buffer: number): Field[] {
  const { name = `tensor ${i}`, shape, type = 0, scales, scaledAxis = 0 } = tensor;
  const quantization = scales && [
    undefined,
    undefined,
    { list: Float32Array.from(scales) },
    { list: BigInt64Array.from(scales, () => 0n) },
    undefined,
    undefined,
    { int32: scaledAxis },
  ];
  return [
    integers(shape),
    { int8: type },
    { int32: buffer },
    { list: Buffer.from(name) },
    quantization && { table: quantization },
  ];
}

function codeFields({ code, version = 1 }: TestOperator): Field[] {
  if (typeof code === 'string') {
    return [{ int8: CUSTOM }, { list: Buffer.from(code) }, { int32: version }, { int32: CUSTOM }];
  }
  return [{ int8: code }, undefined, { int32: version }, { int32: code }];
}

function operatorFields(operator: TestOperator, i: number): Field[] {
  const { inputs, outputs, optionsType = 0, options, customOptions } = operator;
  return [
    { int32: i },
    integers(inputs),
    integers(outputs),
    { int8: optionsType },
    options && { table: options },
    customOptions && { list: customOptions },
  ];
}

function integers(list: readonly number[]): Field {
  return { list: Int32Array.from(list) };
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
