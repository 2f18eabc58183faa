// Inputs drawn from a seed: the same ones in every browser, for either runtime file.
import { arrayFromBytes, NUMERIC_DATATYPES } from '@nearside/core';

/** How values lie: what people give, and what nobody thinks of. */
const SPREADS = [
  (random) => random(),
  (random) => 2 * random() - 1,
  (random) => random() + random() + random() + random() - 2,
  (random) => (random() < 0.95 ? 0 : random()),
  (random) => (random() - 0.5) * 2 ** (20 * random() - 10),
];

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 1e-42, 3e38];

/** Mulberry32, by Tommy Ettinger (public domain): numbers in [0, 1), each stream given by its seed. */
export function createRandom(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {Record<string, [datatype: string, shape: (number | number[])[], values?: number[] | [low: number, high: number]]>} inputs
 *   an axis with several sizes takes one of them; `values` are the least and the first that is too large, of whole
 *   numbers, else the spread is drawn too
 * @param {number} seed
 * @returns {Record<string, { datatype: string, shape: number[], data: ArrayBufferView | string[] }>}
 */
export function drawInputs(inputs, seed) {
  const random = createRandom(seed);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, [datatype, axes, range]]) => {
      const shape = axes.map((axis) => (Array.isArray(axis) ? oneOf(random, axis) : axis));
      return [name, drawTensor(random, { datatype, shape, range })];
    }),
  );
}

/**
 * @param {ReturnType<typeof drawInputs>} inputs
 * @param {{ seed: number, spoil: 'shape' | 'datatype' | 'missing' | 'extra' | 'special' | 'empty' }} how
 */
export function spoilInputs(inputs, { seed, spoil }) {
  const random = createRandom(seed ^ 0x5bd1e995);
  const name = oneOf(random, Object.keys(inputs));
  const { [name]: input, ...others } = inputs;
  switch (spoil) {
    case 'shape':
      return {
        ...inputs,
        [name]: drawTensor(random, { ...input, shape: otherShape(random, input) }),
      };
    case 'datatype': {
      const datatype = oneOf(
        random,
        NUMERIC_DATATYPES.filter((each) => each !== input.datatype),
      );
      return { ...inputs, [name]: drawTensor(random, { ...input, datatype }) };
    }
    case 'missing':
      return others;
    case 'extra':
      return { ...inputs, [`${name}-too`]: input };
    case 'special':
      return { ...inputs, [name]: withSpecial(random, input) };
    case 'empty': {
      const shape = input.shape.length > 0 ? input.shape.with(0, 0) : [0];
      return { ...inputs, [name]: drawTensor(random, { ...input, shape }) };
    }
  }
}

/** @param {{ datatype: string, shape: number[], values: string[] }} tensor of numbers in words: JSON has not all */
export function tensorOf({ datatype, shape, values }) {
  const numbers = values.map(datatype === 'INT64' ? BigInt : Number);
  return { datatype, shape, data: arrayType(datatype).from(numbers) };
}

/** Cut short, a few bits changed, or bytes in the middle gone. */
export function breakModel(bytes, seed) {
  const random = createRandom(seed ^ 0x27d4eb2f);
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(3 * random())) {
    case 0:
      return bytes.slice(0, at);
    case 1: {
      const broken = bytes.slice();
      for (let i = 0; i < 8; i += 1)
        broken[Math.floor(random() * broken.length)] ^= 1 << Math.floor(8 * random());
      return broken;
    }
    default: {
      const gone = 1 + Math.floor(64 * random());
      const broken = bytes.slice(0, bytes.length - gone);
      broken.set(bytes.subarray(at + gone), Math.min(at, broken.length));
      return broken;
    }
  }
}

function drawTensor(random, { datatype, shape, range }) {
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (datatype === 'BYTES')
    return {
      datatype,
      shape,
      data: Array.from({ length: size }, () => `w${Math.floor(9 * random())}`),
    };
  const data = new (arrayType(datatype))(size);
  const next = range ? wholeIn(random, range) : drawSpread(random, datatype);
  for (let i = 0; i < size; i += 1) data[i] = next();
  return { datatype, shape, data };
}

function wholeIn(random, [low, high, isBig = false]) {
  const draw = () => low + Math.floor((high - low) * random());
  return isBig ? () => BigInt(draw()) : draw;
}

function drawSpread(random, datatype) {
  switch (datatype) {
    case 'BOOL':
      return wholeIn(random, [0, 2]);
    case 'INT64':
      return wholeIn(random, [-8, 8, true]);
    case 'FP32':
    case 'FP64': {
      const spread = oneOf(random, SPREADS);
      return () => spread(random);
    }
    case 'FP16':
      return () => Math.floor(random() * 0x3c00) | (random() < 0.5 ? 0x8000 : 0); // all between -1 and 1
    default:
      return wholeIn(random, [0, 128]);
  }
}

function otherShape(random, { shape }) {
  switch (Math.floor(4 * random())) {
    case 0:
      return [...shape, 1];
    case 1:
      return shape.slice(1);
    default: {
      if (shape.length === 0) return [2];
      const axis = Math.floor(random() * shape.length);
      return shape.with(axis, shape[axis] + 1 + Math.floor(3 * random()));
    }
  }
}

function withSpecial(random, input) {
  if (input.datatype !== 'FP32') return input;
  const data = input.data.slice();
  for (let i = 0; i < 1 + data.length / 8; i += 1)
    data[Math.floor(random() * data.length)] = oneOf(random, SPECIAL);
  return { ...input, data };
}

function oneOf(random, choices) {
  return choices[Math.floor(random() * choices.length)];
}

/** @returns the class of arrays that hold a datatype's numbers */
function arrayType(datatype) {
  return arrayFromBytes(datatype, new ArrayBuffer(0)).constructor;
}
