import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parse, type TensorSpec } from '@nearside/core';
import * as v from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import type { SourceModel } from './draft-spec.js';
import { classifierSteps, scoresFirst } from './image-classifier.js';
import { importPreprocessor } from './import-preprocessor.js';
import { type OnnxSource, readOnnx } from './source-from-onnx.js';
import {
  isSentenceEmbedder,
  sentenceEmbedder,
  TextConfigSchema,
  textClassifierSteps,
  textInputs,
} from './text-model.js';

const ConfigSchema = v.looseObject({
  ...TextConfigSchema.entries,
  id2label: v.optional(v.record(v.pipe(v.string(), v.regex(/^\d+$/)), v.string())),
  architectures: v.optional(v.nullable(v.array(v.string()))),
  problem_type: v.optional(v.nullable(v.string())),
});

type Config = v.InferOutput<typeof ConfigSchema>;

/**
 * A folder as Hugging Face's exporter and transformers.js lay it out: config.json, the variants
 * `onnx/model*.onnx`, and for an image classifier preprocessor_config.json, for a text classifier or a sentence embedder
 * tokenizer.json.
 *
 * @throws NearsideError `file-missing`, or `model-invalid` naming the field that no step can do
 */
export async function sourceFromHuggingFace(path: string): Promise<SourceModel> {
  const config = parse(ConfigSchema, await readJsonFile(path, 'config.json'), {
    code: 'model-invalid',
    what: 'config.json',
  });
  const variants = await readVariants(path);
  const weights = new Map(variants.flatMap(({ files }) => [...files]));
  const [first] = variants;
  const read = await readTask(path, config, first);
  for (const file of read.resources?.values() ?? []) weights.set(file, join(path, file));
  return {
    title: basename(resolve(path)),
    ...read,
    probabilities: first.probabilities,
    variants: variants.map(({ name, dtype, files }) => {
      return { name, runtime: 'onnx', dtype, files: [...files.keys()] };
    }),
    weights,
  };
}

interface NamedVariant extends OnnxSource {
  readonly name: string;
}

/** Smallest first, so that a device fetches less where several would do. */
async function readVariants(path: string): Promise<[NamedVariant, ...NamedVariant[]]> {
  const folder = join(path, 'onnx');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.onnx'));
  const stray = names.find((name) => !/^model(?:_[a-z0-9]+)?\.onnx$/.test(name));
  if (stray !== undefined || names.length === 0) {
    throw modelInvalid(
      `${folder}: expected model.onnx and forms of it such as model_quantized.onnx, got ` +
        `${stray ?? 'none'}. Models of several parts are not supported.`,
      { folder, file: stray },
    );
  }
  const read = await Promise.all(
    names.sort().map(async (name) => {
      const file = await findModelFile(path, `onnx/${name}`);
      if (file === undefined) throw fileMissing(folder, name);
      const source = await readOnnx(join(folder, name));
      const suffix = /_(\w+)\.onnx$/.exec(name)?.[1];
      const variant = suffix === undefined ? source.dtype : suffix === 'quantized' ? 'q8' : suffix;
      return { ...source, name: variant };
    }),
  );
  const [first, ...others] = read.sort((a, b) => bits(a) - bits(b) || (a.name < b.name ? -1 : 1));
  if (!first) throw new TypeError('expected a variant');
  for (const other of others) requireSameTensors(first, other);
  return [first, ...others];
}

function bits({ dtype }: OnnxSource): number {
  return Number(/\d+$/.exec(dtype)?.[0] ?? 0);
}

function requireSameTensors(a: NamedVariant, b: NamedVariant): void {
  for (const role of ['inputs', 'outputs'] as const) {
    const [one, other] = [JSON.stringify(a[role]), JSON.stringify(b[role])];
    if (one === other) continue;
    throw modelInvalid(
      `onnx/, ${role}: expected all forms of the model to have the same, got ${one} in ${a.name} and ` +
        `${other} in ${b.name}. Leave one of them out.`,
      { role, variants: [a.name, b.name] },
    );
  }
}

type Task = Omit<SourceModel, 'title' | 'variants' | 'weights' | 'probabilities'>;

async function readTask(path: string, config: Config, first: OnnxSource): Promise<Task> {
  const isOf = (suffix: string) => config.architectures?.some((name) => name.endsWith(suffix));
  if (isOf('ForImageClassification')) {
    return imageClassifier(config, first, await readJsonFile(path, 'preprocessor_config.json'));
  }
  const { inputs, outputs } = first;
  if (isOf('ForSequenceClassification')) {
    const [logits, ...others] = scoresFirst(outputs);
    const id2label = labelsOf(config, logits, [SINGLE, MULTIPLE]);
    const isMultiple = config.problem_type === MULTIPLE || Object.keys(id2label).length === 1;
    const isDone = first.probabilities.has(logits?.name ?? '');
    return {
      task: 'text-classification',
      ...(await textInputs(path, { config, inputs })),
      outputs: logits ? [logits, ...others] : [],
      postprocessing: textClassifierSteps(id2label, {
        activation: isDone ? undefined : isMultiple ? 'sigmoid' : 'softmax',
      }),
    };
  }
  if (await isSentenceEmbedder(path)) {
    const { maxLength, ...after } = await sentenceEmbedder(path, outputs);
    const before = await textInputs(path, { config, inputs, maxLength });
    return { task: 'feature-extraction', ...before, ...after };
  }
  return { task: 'tensors', inputs, outputs, preprocessing: [], postprocessing: [] };
}

const SINGLE = 'single_label_classification';
const MULTIPLE = 'multi_label_classification';

function imageClassifier(
  config: Config,
  { inputs, outputs, probabilities }: OnnxSource,
  preprocessor: unknown,
): Task {
  const [input, ...more] = inputs;
  if (!input || more.length > 0) {
    throw modelInvalid('onnx/, inputs: expected one image, got several tensors.', {});
  }
  const { steps, shape } = importPreprocessor(preprocessor, input);
  const [logits, ...others] = scoresFirst(outputs);
  return {
    task: 'image-classification',
    inputs: [{ ...input, shape }],
    outputs: logits ? [logits, ...others] : [],
    preprocessing: steps,
    postprocessing: classifierSteps(labelsOf(config, logits, [SINGLE]), {
      isProbabilities: probabilities.has(logits?.name ?? ''),
    }),
  };
}

function labelsOf(
  { id2label, problem_type }: Config,
  logits: TensorSpec | undefined,
  known: readonly string[],
) {
  if (problem_type && !known.includes(problem_type)) {
    throw modelInvalid(
      `config.json, problem_type: expected ${known.join(' or ')}, got ${problem_type}: there ` +
        'is no step for it.',
      { field: 'problem_type', got: problem_type },
    );
  }
  const labels = Object.keys(id2label ?? {}).length;
  const classes = logits?.shape.at(-1) ?? -1;
  if (id2label && labels > 0 && (classes === -1 || classes === labels)) return id2label;
  throw modelInvalid(
    `config.json, id2label: expected a label for each of the ${classes} values of ` +
      `'${logits?.name}', got ${labels}.`,
    { field: 'id2label', expected: classes, got: labels },
  );
}
