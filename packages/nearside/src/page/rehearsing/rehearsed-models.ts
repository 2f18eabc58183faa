import { graphFileName, parseGraphFile, wholeBytes } from '@nearside/artifact';
import {
  callerInputs,
  casesOfStage,
  elementCount,
  type Golden,
  NearsideError,
  type Stage,
  seededTensor,
  stagesOf,
  type Tensor,
  type TensorSpec,
  type Tensors,
  type Variant,
  variantOfStage,
} from '@nearside/core';
import { fillWeights } from './fill-weights.js';
import type { PublishedGraphs } from './read-graphs.js';
import type { RehearsedModel } from './rehearse.js';

/** Of the weights, and of inputs. */
const SEED = 1;

/**
 * The models of a variant, stage by stage, with weights of a seed.
 *
 * @param limitBytes weights of more are not filled
 * @throws NearsideError `file-missing` where `pack` has made no graph file of it; `out-of-memory`; `metadata-malformed`
 */
export async function fillVariant(
  variant: Variant,
  { spec, golden, files }: Pick<PublishedGraphs, 'spec' | 'golden' | 'files'>,
  limitBytes: number,
): Promise<readonly RehearsedModel[]> {
  const name = graphFileName(variant.name);
  const graph = files.get(name);
  if (!graph) throw noGraph(name, variant);
  const parts = parseGraphFile(graph, name);
  requireMemory(wholeBytes(parts), limitBytes);
  const filled = await fillWeights(parts, SEED);
  return stagesOf(spec).map((stage): RehearsedModel => {
    const part = variantOfStage(variant, stage);
    const ofStage = part.files.flatMap((file) => {
      const blob = Object.hasOwn(filled, file) ? filled[file] : undefined;
      return blob ? [[file, blob] as const] : [];
    });
    return {
      files: Object.fromEntries(ofStage),
      spec: withoutSteps({ ...stage, name: spec.name, limits: spec.limits, variants: [part] }),
      inputsOf: () =>
        drawInputs(stage, golden, ({ shape }) => shape.map((axis) => Math.max(1, axis))),
    };
  });
}

/** What a session is made of: nothing of what is around it. */
export function withoutSteps(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { name, inputs, outputs, state, limits, variants } = spec;
  const fields = Object.entries({ name, inputs, outputs, state, limits, variants });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** @throws NearsideError `out-of-memory` */
export function requireMemory(neededBytes: number, limitBytes: number): void {
  if (neededBytes <= limitBytes) return;
  throw new NearsideError(
    'out-of-memory',
    `Expected a model that needs at most ${limitBytes} bytes of memory, got one that needs ${neededBytes}.`,
    { details: { expected: limitBytes, got: neededBytes } },
  );
}

/**
 * The inputs of a model, of the shapes that its first golden case has for callers.
 *
 * @param pin gives a shape without free axes where no case names one
 */
export function drawInputs(
  model: Pick<Stage, 'name' | 'state'> & { readonly inputs: readonly TensorSpec[] },
  golden: Golden | undefined,
  pin: (input: TensorSpec) => readonly number[],
): Tensors {
  const [first] = golden ? casesOfStage(golden, model) : [];
  const told = first?.warmUp ?? first?.inputs ?? {};
  const drawn = callerInputs(model).map((input) => {
    const known = Object.hasOwn(told, input.name) ? told[input.name] : undefined;
    return [input.name, drawTensor(input, [...(known?.shape ?? pin(input))])] as const;
  });
  return Object.fromEntries(drawn);
}

function drawTensor({ datatype }: TensorSpec, shape: number[]): Tensor {
  if (datatype !== 'BYTES') return seededTensor({ datatype, shape, seed: SEED });
  return { datatype, shape, data: new Array<string>(elementCount(shape)).fill('') };
}

function noGraph(name: string, variant: Variant): NearsideError {
  return new NearsideError(
    'file-missing',
    `Variant ${variant.name}: expected the version to have ${name}, got one without. \`nearside pack\` writes it ` +
      'where it understands the files of the variant: pack and publish a new version.',
    { details: { variant: variant.name, file: name } },
  );
}
