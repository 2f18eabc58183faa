import {
  type GraphPart,
  graphFileName,
  parseGraphFile,
  type WeightCut,
  wholeBytes,
} from '@nearside/artifact';
import {
  arrayFromBytes,
  callerInputs,
  casesOfStage,
  drawsFrom,
  elementBytes,
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
import { oneMacrotask } from '../../shared/timers.js';
import type { PublishedGraphs } from './read-graphs.js';
import type { RehearsedModel } from './rehearse.js';

/** The seed of weights and of inputs. */
const SEED = 1;

/**
 * The models of a variant, stage by stage, with weights of a seed.
 *
 * @param limitBytes weights of more are not filled
 * @throws NearsideError `file-missing` where `pack` has made no graph file of it; `out-of-memory`; `metadata-malformed`
 */
export async function fillVariant(
  variant: Variant,
  { spec, golden, files, fileBytes }: Omit<PublishedGraphs, 'isCommon' | 'missingBytes' | 'look'>,
  limitBytes: number,
): Promise<readonly RehearsedModel[]> {
  const name = graphFileName(variant.name);
  const graph = files.get(name);
  if (!graph) throw noGraph(name, variant);
  const parts = parseGraphFile(graph, name);
  requireSizes(parts, fileBytes, name);
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

/** A graph file may say of no file that it is larger than it is, or there twice: its weights would be made up. */
function requireSizes(
  parts: readonly GraphPart[],
  fileBytes: Readonly<Record<string, number>>,
  what: string,
): void {
  for (const { name } of parts) {
    const expected = Object.hasOwn(fileBytes, name) ? fileBytes[name] : undefined;
    const got = wholeBytes(parts.filter((part) => part.name === name));
    if (got === expected) continue;
    throw new NearsideError(
      'metadata-malformed',
      `${what}: expected ${name} to have ${expected ?? 'no'} bytes, as the version's layout says, got ${got}. ` +
        'Pack and publish it again.',
      { details: { what, file: name, expected, got } },
    );
  }
}

/** Leaves of a spec what a session is made of, without the steps around it. */
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

/** So many elements of a tensor are drawn, and repeated: their values hardly change the time of a run. */
const DRAWN = 65_536;

/** The page is not kept from anything else for longer, ms. */
const TURN_MS = 8;

/**
 * Fills a variant's files with weights that are drawn from a seed, the same everywhere. They have the mean, the
 * deviation and the edges of those that were cut out, so nothing overflows, and nothing is so small that CPUs slow down.
 *
 * @param parts of its graph file
 * @param seed 1 to 2³² − 1
 */
export async function fillWeights(
  parts: readonly GraphPart[],
  seed: number,
): Promise<Record<string, Blob>> {
  const draw = drawsFrom(seed);
  const files: Record<string, Blob> = {};
  let turnMs = performance.now();
  for (const { name, kept, cuts } of parts) {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let offset = 0;
    for (const cut of cuts) {
      const [keptBefore, count, datatype] = cut;
      pieces.push(kept.subarray(offset, offset + keptBefore));
      offset += keptBefore;
      const drawn = drawElements(cut, Math.min(count, DRAWN), draw);
      const whole = Math.floor(count / DRAWN);
      for (let i = 0; i < whole; i += 1) pieces.push(drawn);
      pieces.push(drawn.subarray(0, (count - whole * DRAWN) * elementBytes(datatype)));
      if (performance.now() - turnMs < TURN_MS) continue;
      await oneMacrotask();
      turnMs = performance.now();
    }
    pieces.push(kept.subarray(offset));
    files[name] = new Blob(pieces);
  }
  return files;
}

/** As bytes, little-endian. */
function drawElements(
  [, , datatype, ...told]: WeightCut,
  count: number,
  draw: () => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(count * elementBytes(datatype));
  const elements = arrayFromBytes(datatype, bytes) as Float32Array;
  const isInteger = !datatype.startsWith('FP');
  const toElement =
    datatype === 'FP16'
      ? numberToFloat16
      : datatype === 'INT64'
        ? BigInt
        : (value: number) => value;
  const next = drawNumber(told, draw);
  for (let i = 0; i < count; i += 1) {
    const value = next();
    elements[i] = toElement(isInteger ? Math.round(value) : value) as number;
  }
  return new Uint8Array(bytes);
}

/** Draws evenly within mean ± √3 deviations, which has that deviation, and never beyond the edges. */
function drawNumber(told: readonly number[], draw: () => number): () => number {
  const [mean = 0, deviation, low = 0, high = 0] = told;
  if (deviation === undefined) return () => mean; // they were all the same
  const width = 2 * Math.sqrt(3) * deviation;
  return () => Math.min(high, Math.max(low, mean + (draw() - 0.5) * width));
}

/** Cuts off digits instead of rounding. A number too small to be a normal one of 16 bits becomes the smallest one. */
function numberToFloat16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.min(65_504, Math.abs(value));
  if (size === 0) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const fraction = Math.max(0, Math.floor((size / 2 ** exponent - 1) * 1024));
  return sign + ((exponent + 15) << 10) + fraction;
}
