import type { Tensor, TensorSpec, Tensors } from '@nearside/core';
import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import { invalidInput } from '../input-errors.js';
import { defineStep, Misfit } from '../step.js';
import { roleOfInput } from '../tokens/input-roles.js';
import { type Encoded, type OpenedTokenizer, openTokenizer } from '../tokens/open-tokenizer.js';

const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24));

const ParametersSchema = v.strictObject({
  /** Name of the resource that is a `tokenizer.json`. */
  tokenizer: v.string(),
  /** Rows of the model's table of pieces. */
  vocab_size: CountSchema,
  /** Pieces that the model takes at once, special ones among them. */
  max_length: CountSchema,
  /** Pieces that neighbouring windows share. Without it one window is read, and the rest of a text is not. */
  stride: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  pad_to_multiple_of: v.optional(CountSchema, 16),
});

/** SentencePiece's sign for a space, which stands before every word. */
const SPACE = '▁';

type Parameters = v.InferOutput<typeof ParametersSchema>;

/**
 * A text → pieces of a vocabulary → the model's inputs: ids, which of them are no padding, and types. An item for each
 * window of a long text.
 */
export const tokenizeStep = defineStep({
  name: 'tokenize',
  parameters: ParametersSchema,
  takes: 'string',
  gives: 'inputs',
  items: 'many',
  form(_, parameters, { inputs, resources }) {
    if (!resources.includes(parameters.tokenizer)) {
      throw new Misfit(`'${parameters.tokenizer}' among resources`, resources.join(', ') || 'none');
    }
    requireInputs(inputs, parameters);
    return {};
  },
  compile: (parameters, { inputs, readText }) => {
    const { max_length, stride } = parameters;
    const tokenizer = openResource(parameters, readText);
    const specials = tokenizer.encode([]).ids.length;
    const room = max_length - specials;
    if (room <= (stride ?? 0)) {
      const least = specials + (stride ?? 0) + 1;
      throw new Misfit(
        `max_length of ${least} or more, for ${specials} special pieces and stride`,
        `${max_length}`,
      );
    }
    const write = inputsWriter(inputs, { ...parameters, padding: tokenizer.padding });
    return () => (items, call) =>
      items.flatMap(({ value, trace }) => {
        const pieces = tokenizer.pieces(value);
        const unknown = countUnknown(pieces, tokenizer);
        if (pieces.every((piece) => piece === SPACE || tokenizer.isUnknown(piece))) {
          throw invalidInput(
            'Text',
            'words that the model knows',
            `${unknown} unknown pieces alone`,
          );
        }
        call.observe('tokens', pieces.length + specials);
        call.observe('unknown', unknown / pieces.length);
        return windowsOf(pieces, { room, stride }).map((window) => ({
          value: write(tokenizer.encode(window)),
          trace,
        }));
      });
  },
});

function openResource(
  { tokenizer: name, vocab_size }: Parameters,
  readText: (resource: string) => string,
): OpenedTokenizer {
  const text = readText(name);
  let opened: OpenedTokenizer;
  try {
    opened = openTokenizer(text);
  } catch (error) {
    throw new Misfit(`a whole tokenizer.json as resource '${name}'`, `${(error as Error).message}`);
  }
  if (opened.size <= vocab_size) return opened;
  throw new Misfit(
    `at most ${vocab_size} pieces (vocab_size) in resource '${name}'`,
    `${opened.size}`,
  );
}

function countUnknown(pieces: readonly string[], { isUnknown }: OpenedTokenizer): number {
  return pieces.reduce((count, piece) => count + (isUnknown(piece) ? 1 : 0), 0);
}

/** Each begins `stride` pieces before the end of the one before it. */
function windowsOf(
  pieces: readonly string[],
  { room, stride }: { readonly room: number; readonly stride: number | undefined },
): readonly (readonly string[])[] {
  const windows = [pieces.slice(0, room)];
  if (stride === undefined) return windows;
  for (let end = room; end < pieces.length; end += room - stride) {
    windows.push(pieces.slice(end - stride, end - stride + room));
  }
  return windows;
}

function requireInputs(inputs: readonly TensorSpec[], { max_length }: Parameters): void {
  if (inputs.length === 0) return; // only the model's file says what they are
  for (const input of inputs) {
    const { datatype, shape } = input;
    const isInteger = datatype === 'INT64' || datatype === 'INT32';
    if (!isInteger || shape.length !== 2) {
      throw new Misfit(
        `INT64 or INT32 [n, pieces] for input '${input.name}'`,
        describeTensor(input),
      );
    }
    const [, most = -1] = shape;
    if (most !== -1 && most < max_length) {
      throw new Misfit(
        `max_length of at most ${most}, as input '${input.name}' has`,
        `${max_length}`,
      );
    }
  }
  const roles = inputs.map(({ name }) => roleOfInput(name));
  if (new Set(roles).size === roles.length && roles.includes('ids')) return;
  const names = inputs.map(({ name }) => name).join(', ');
  throw new Misfit('inputs such as input_ids, attention_mask and token_type_ids, each once', names);
}

/** Without a mask nothing tells the model what is padding, so nothing is padded but to a length that an input has. */
function inputsWriter(
  inputs: readonly TensorSpec[],
  options: Parameters & { readonly padding: number },
): (encoded: Encoded) => Tensors {
  const { max_length, pad_to_multiple_of, padding } = options;
  const isMasked = inputs.some((input) => roleOfInput(input.name) === 'mask');
  const fixed = inputs.find(({ shape }) => shape[1] !== -1)?.shape[1];
  const lengthFor = (count: number) =>
    fixed ??
    (isMasked
      ? Math.min(Math.ceil(count / pad_to_multiple_of) * pad_to_multiple_of, max_length)
      : count);
  return ({ ids, types }) => {
    const length = lengthFor(ids.length);
    const values = { ids, types, mask: ids.map(() => 1) };
    return Object.fromEntries(
      inputs.map((input) => {
        const role = roleOfInput(input.name);
        const padWith = role === 'ids' ? padding : 0;
        return [input.name, integers(input.datatype, { values: values[role], length, padWith })];
      }),
    );
  };
}

function integers(
  datatype: TensorSpec['datatype'],
  { values, length, padWith }: { values: readonly number[]; length: number; padWith: number },
): Tensor {
  const shape = [1, length];
  if (datatype === 'INT32') {
    const data = new Int32Array(length).fill(padWith, values.length);
    data.set(values);
    return { datatype, shape, data };
  }
  const data = new BigInt64Array(length).fill(BigInt(padWith), values.length);
  for (const [i, value] of values.entries()) data[i] = BigInt(value);
  return { datatype: 'INT64', shape, data };
}
