import { parse, type TensorSpec } from '@nearside/core';
import { type PostprocessingStep, type PreprocessingStep, roleOfInput } from '@nearside/pipeline';
import * as v from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import type { SourceModel } from './draft-spec.js';

const CountSchema = v.optional(v.nullable(v.number()));

/** `config.json`, as far as it is about text. */
export const TextConfigSchema = v.looseObject({
  model_type: v.optional(v.string()),
  vocab_size: CountSchema,
  max_position_embeddings: CountSchema,
  pad_token_id: CountSchema,
});

export type TextConfig = v.InferOutput<typeof TextConfigSchema>;

const TokenizerConfigSchema = v.looseObject({ model_max_length: CountSchema });

const ModulesSchema = v.array(v.looseObject({ type: v.string(), path: v.string() }));
const PoolingSchema = v.looseObject({});
const SentenceConfigSchema = v.looseObject({
  max_seq_length: CountSchema,
  do_lower_case: v.optional(v.boolean()),
});

/** These number positions from the one after padding on. */
const POSITIONS_AFTER_PADDING = /^(?:xlm-)?roberta|^camembert$|^mpnet$/;

const TOKENIZER = 'tokenizer.json';
/** Its name among the spec's resources. */
const RESOURCE = 'tokenizer';

/** Pieces that are taken at once where no file says how many. */
const MAX_LENGTH = 512;

/** The parts of a draft that make the model's inputs from a text. */
export type TextInputs = Pick<
  SourceModel,
  'inputs' | 'preprocessing' | 'resources' | 'ranges' | 'assumed'
>;

/**
 * Drafts the steps before a model that takes the ids of pieces.
 *
 * @param maxLength pieces that the model takes at once, where another file than its own says it
 * @throws NearsideError `file-missing` without tokenizer.json; `model-invalid` where config.json has no `vocab_size`
 */
export async function textInputs(
  path: string,
  options: {
    readonly config: TextConfig;
    readonly inputs: readonly TensorSpec[];
    readonly maxLength?: number | undefined;
  },
): Promise<TextInputs> {
  const { config, inputs } = options;
  const { vocab_size } = config;
  if (!vocab_size) {
    throw modelInvalid(
      `config.json, vocab_size: expected the rows of the model's table of pieces, got ${vocab_size ?? 'none'}.`,
      { field: 'vocab_size', got: vocab_size },
    );
  }
  const file = await findModelFile(path, TOKENIZER);
  if (file === undefined) throw fileMissing(path, TOKENIZER);
  const max_length = await maxLengthOf(path, options);
  const preprocessing: PreprocessingStep[] = [
    { step: 'decode-text', max_characters: 2 ** 20 },
    { step: 'tokenize', tokenizer: RESOURCE, vocab_size, max_length, pad_to_multiple_of: 16 },
  ];
  return {
    inputs,
    preprocessing,
    resources: new Map([[RESOURCE, TOKENIZER]]),
    ranges: Object.fromEntries(inputs.map(({ name }) => [name, rangeOf(name, vocab_size)])),
    assumed: [
      `Of a text of more than ${max_length} pieces the rest is not read, as in Python. To read it in windows, give ` +
        "the step `tokenize` of the draft's model.json a `stride`. `seal --draft` keeps the draft.",
    ],
  };
}

/** Golden inputs are ids of the vocabulary, some of them masked, of the first type. */
function rangeOf(name: string, vocabularySize: number): readonly [number, number] {
  switch (roleOfInput(name)) {
    case 'ids':
      return [0, vocabularySize - 1];
    case 'mask':
      return [0, 1];
    case 'types':
      return [0, 0];
  }
}

async function maxLengthOf(
  path: string,
  { config, inputs, maxLength }: Parameters<typeof textInputs>[1],
): Promise<number> {
  const { model_max_length } = await readOf(path, 'tokenizer_config.json', TokenizerConfigSchema);
  const { model_type = '', max_position_embeddings: positions, pad_token_id } = config;
  const unused = POSITIONS_AFTER_PADDING.test(model_type) ? (pad_token_id ?? 0) + 1 : 0;
  const lengths = [
    maxLength ?? model_max_length, // 1e30 says nothing
    positions && positions - unused,
    ...inputs.map(({ shape }) => shape[1]),
  ];
  const known = lengths.filter((length) => length && length > 0 && length <= 65_536);
  return known.length > 0 ? Math.min(...(known as number[])) : MAX_LENGTH;
}

/**
 * The steps of a text classifier, which answers with its best labels of all windows of a text.
 *
 * @param options.activation none for a model that gives probabilities
 */
export function textClassifierSteps(
  id2label: Readonly<Record<string, string>>,
  { activation }: { readonly activation: 'softmax' | 'sigmoid' | undefined },
): PostprocessingStep[] {
  const top_k = Object.keys(id2label).length;
  return [
    ...(activation ? [{ step: activation }] : []),
    { step: 'combine-windows', combine: 'mean' },
    { step: 'top-k', top_k: Math.min(top_k, 5), id2label },
  ];
}

/** True for a folder of sentence-transformers. */
export async function isSentenceEmbedder(path: string): Promise<boolean> {
  return (await findModelFile(path, 'modules.json')) !== undefined;
}

/**
 * Drafts the steps after a sentence embedder, as `modules.json` has them.
 *
 * @throws NearsideError `model-invalid` for a module that no step does
 */
export async function sentenceEmbedder(
  path: string,
  outputs: readonly TensorSpec[],
): Promise<
  Pick<SourceModel, 'outputs' | 'postprocessing'> & { readonly maxLength: number | undefined }
> {
  const modules = await readOf(path, 'modules.json', ModulesSchema);
  const config = await readOf(path, 'sentence_bert_config.json', SentenceConfigSchema);
  if (config.do_lower_case) throw noStep('sentence_bert_config.json, do_lower_case', 'false', true);
  const vectors = outputs.find(({ shape }) => shape.length === 3);
  if (!vectors) {
    const got = outputs.map(({ name }) => name).join(', ');
    throw noStep('onnx/, outputs', 'vectors of pieces, [n, pieces, width]', got);
  }
  const postprocessing: PostprocessingStep[] = [];
  for (const { type, path: folder } of modules) {
    switch (type.split('.').at(-1)) {
      case 'Transformer':
        break;
      case 'Pooling': {
        const pooling = await readOf(path, `${folder}/config.json`, PoolingSchema);
        postprocessing.push({ step: 'pool', pooling_mode: poolingMode(pooling) });
        postprocessing.push({ step: 'combine-windows', combine: 'mean' });
        break;
      }
      case 'Normalize':
        postprocessing.push({ step: 'l2-normalize' });
        break;
      default:
        throw noStep('modules.json', 'Transformer, Pooling and Normalize', type);
    }
  }
  return {
    outputs: [vectors, ...outputs.filter((output) => output !== vectors)],
    postprocessing: [...postprocessing, { step: 'embedding' }],
    maxLength: config.max_seq_length ?? undefined,
  };
}

const MODES = { pooling_mode_mean_tokens: 'mean', pooling_mode_cls_token: 'cls' } as const;

function poolingMode(pooling: Readonly<Record<string, unknown>>): 'mean' | 'cls' {
  const asked = Object.keys(pooling).filter(
    (field) => field.startsWith('pooling_mode_') && pooling[field],
  );
  const [mode = 'none', ...more] = asked;
  if (mode in MODES && more.length === 0) return MODES[mode as keyof typeof MODES];
  throw noStep('1_Pooling/config.json', Object.keys(MODES).join(' or '), asked.join(', ') || mode);
}

/** A file that is left out says nothing, but for `modules.json`. */
async function readOf<const Schema extends v.GenericSchema>(
  path: string,
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const isThere = (await findModelFile(path, file)) !== undefined;
  const read = isThere ? await readJsonFile(path, file) : {};
  return parse(schema, read, { code: 'model-invalid', what: file });
}

function noStep(where: string, expected: string, got: unknown) {
  return modelInvalid(
    `${where}: expected ${expected}, got ${got}. No step of Nearside does that.`,
    { where, expected, got },
  );
}
