import { isBuiltInTask, type ModelSpec, stagesOf } from '@nearside/core';

/** TypeScript types of a model's inputs and results, as text. */
export interface ReferenceTypes {
  readonly input: string;
  readonly output: string;
  /** Types of the package `nearside` that they use. */
  readonly imports: readonly string[];
}

type Stage = ReturnType<typeof stagesOf>[number];

/** Types of nearside that steps take and give. */
const TAKEN: Readonly<Record<string, string>> = {
  'decode-image': 'ImageInput',
  'decode-audio': 'SoundInput',
  'decode-text': 'TextInput',
};
const GIVEN: Readonly<Record<string, string>> = {
  regression: 'readonly RegressionValue[]',
  segments: 'FoundSound',
  'reading-order': 'readonly TextLine[]',
  argmax: 'Mask',
  mask: 'Mask',
  embedding: 'Float32Array',
};

/** Reads from model.json what callers give and get: labels, features with their categories, tensors by name. */
export function typesOfSpec(spec: ModelSpec): ReferenceTypes {
  const stages = stagesOf(spec);
  const isOurs = isBuiltInTask(spec.task); // otherwise a worker of the app's own takes any input
  const input = isOurs ? inputOf(spec, stages[0] as Stage) : 'unknown';
  const output = isOurs ? outputOf(stages.at(-1) as Stage) : 'unknown';
  return { input, output, imports: namesIn(`${input} ${output}`) };
}

/** Names of the package's types in a text of TypeScript, without its strings and the names of members. */
function namesIn(text: string): string[] {
  const types = text.replaceAll(/'(?:[^'\\]|\\.)*'|readonly [\w$]+\??:/g, '');
  return [...new Set(types.match(/\b[A-Z]\w+/g))].filter((name) => !(name in globalThis)).sort();
}

function inputOf({ features }: ModelSpec, stage: Stage): string {
  if (features) return recordOf(features);
  const [first] = stage.preprocessing;
  if (first) return TAKEN[first.step] ?? 'Input';
  const state = stage.state?.map((one) => one.input) ?? [];
  const given = stage.inputs.filter(({ name }) => !state.includes(name));
  return tensorsOf(given.map((tensor) => ({ ...tensor, isOptional: tensor.value !== undefined })));
}

function outputOf({ postprocessing, outputs, state = [] }: Stage): string {
  const last = postprocessing.at(-1);
  if (!last)
    return tensorsOf(outputs.filter(({ name }) => !state.some((one) => one.output === name)));
  if ('id2label' in last) {
    const labels = Object.values(last.id2label as Record<string, string>).map(quote);
    const type = last.step === 'objects' ? 'FoundObject' : 'LabelScore';
    return `readonly ${type}<${labels.join(' | ')}>[]`;
  }
  return GIVEN[last.step] ?? 'Output';
}

/** A feature without a default is there. It may be null where it is remembered. */
function recordOf(features: NonNullable<ModelSpec['features']>): string {
  const lines = features.map((feature) => {
    const { name, type, default: fallback } = feature;
    const value = type === 'category' ? feature.categories.map(quote).join(' | ') : type;
    return `    ${member(name, fallback !== undefined)}: ${value} | null;\n`;
  });
  return `{\n${lines.join('')}  }`;
}

interface NamedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly isOptional?: boolean;
}

function tensorsOf(tensors: readonly NamedTensor[]): string {
  const types = tensors.map(({ name, datatype, isOptional = false }) => {
    return `${member(name, isOptional)}: Tensor<${quote(datatype)}>`;
  });
  return `{ readonly tensors: { ${types.join('; ')} } }`;
}

function member(name: string, isOptional: boolean): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
  return `readonly ${key}${isOptional ? '?' : ''}`;
}

/** A string of TypeScript. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return `'${escaped.replaceAll("'", "\\'")}'`;
}
