import { cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  elementCount,
  numbersOf,
  sessionFiles,
  sum,
  type Tensor,
  type Tensors,
  type Variant,
} from '@nearside/core';
import { answerInProcess, FailedStep } from '../answering/answer-in-process.js';
import { modelInvalid } from '../errors/model-invalid.js';
import { makeDirectory } from '../files/make-directory.js';
import { sizeOf } from '../files/stat-path.js';
import { openTemporary } from '../files/temporary.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { writeCasesOfInputs } from './cases-of-inputs.js';
import { type Format, quantizeVariant } from './quantize-variant.js';

/** So many bytes of models lie on the disk at a time, and of their outputs in memory. */
const BATCH_BYTES = 512 * 1024 * 1024;

export interface RankOptions {
  readonly format: Format;
  /** Names of tensors that stay as they are. */
  readonly keep: ReadonlySet<string>;
  /** Names of the tensors that the format narrows. */
  readonly tensors: readonly string[];
  /** The model is asked these, as `model.run` takes them; without any, its golden cases. */
  readonly inputs?: readonly unknown[];
}

/**
 * Orders tensors by how much a model's outputs change when one of them alone is narrowed, the largest change first. A
 * runtime on one thread of a CPU answers, so that the order is the same on every machine.
 *
 * @param directory a model directory
 * @param variant one that computes with floats
 * @throws NearsideError `model-invalid` when the model does not run
 */
export async function rankTensors(
  directory: string,
  variant: Variant,
  { format, keep, tensors, inputs = [] }: RankOptions,
): Promise<string[]> {
  await using copy = await openTemporary('ranked');
  await cp(directory, copy.directory, { recursive: true });
  const askWhole = async () =>
    (await answerOnce(copy.directory, [variant])).get(variant.name) ?? [];
  await writeCasesOfInputs(copy.directory, inputs, askWhole);
  const expected = await askWhole();
  const changes = new Map<string, number>();
  const size = await batchSize(directory, variant, expected);
  for (let done = 0; done < tensors.length; done += size) {
    const batch = tensors.slice(done, done + size);
    const variants: Variant[] = [];
    for (const [i, tensor] of batch.entries()) {
      const others = new Set([...keep, ...tensors.filter((other) => other !== tensor)]);
      const made = await quantizeVariant(directory, variant, { format, keep: others });
      variants.push(await writeInFolder(copy.directory, `alone-${i}`, made));
    }
    const answers = await answerOnce(copy.directory, variants);
    for (const [i, { name }] of variants.entries()) {
      changes.set(batch[i] as string, largestChange(answers.get(name) ?? [], expected));
      await rm(join(copy.directory, name), { recursive: true });
    }
  }
  return mostFirst(changes);
}

/** @returns how many variants are made and answer at a time */
async function batchSize(
  directory: string,
  variant: Variant,
  outputs: readonly Tensors[],
): Promise<number> {
  const files = await Promise.all(
    sessionFiles(variant).map((name) => sizeOf(join(directory, name))),
  );
  const answers = outputs.flatMap((tensors) =>
    Object.values(tensors).map(({ shape }) => Float32Array.BYTES_PER_ELEMENT * elementCount(shape)),
  );
  return Math.max(1, Math.floor(BATCH_BYTES / (sum(files) + sum(answers))));
}

/** @returns the variant, called as the folder, with its files there */
async function writeInFolder(
  directory: string,
  folder: string,
  { variant, files }: Awaited<ReturnType<typeof quantizeVariant>>,
): Promise<Variant> {
  for (const [name, bytes] of files) {
    const path = join(directory, folder, name);
    await makeDirectory(dirname(path));
    await writeFile(path, bytes);
  }
  const moved = (names: readonly string[]) =>
    names.map((name) => (files.has(name) ? `${folder}/${name}` : name));
  const { stages } = variant;
  if (!stages) return { ...variant, name: folder, files: moved(variant.files) };
  const parts = Object.entries(stages).map(
    ([stage, part]) => [stage, { ...part, files: moved(part.files) }] as const,
  );
  return { ...variant, name: folder, stages: Object.fromEntries(parts) };
}

/** @returns by variant its outputs, of all stages and cases one after another */
async function answerOnce(
  directory: string,
  variants: readonly Variant[],
): Promise<Map<string, Tensors[]>> {
  const spec = (await readJsonFile(directory, 'model.json')) as object;
  await writeFile(join(directory, 'model.json'), JSON.stringify({ ...spec, variants }));
  const runtime = variants[0]?.runtime ?? 'onnx';
  const { answered } = await answerInProcess(directory, runtime, { isOnce: true }).catch(
    doesNotRun,
  );
  const outputs = new Map<string, Tensors[]>();
  for (const one of answered) {
    outputs.set(one.variant, [...(outputs.get(one.variant) ?? []), one.outputs]);
  }
  return outputs;
}

function doesNotRun(error: unknown): never {
  if (!(error instanceof FailedStep)) throw error;
  throw modelInvalid(
    `Case '${error.step?.case ?? 'none'}': expected outputs with each tensor alone in fewer bits, got: ` +
      `${error.message.replace(/\.$/, '')}.`,
    { ...error.step, got: error.message },
  );
}

/** The square root of the share of an output's energy that differs, of the output where it is largest. */
function largestChange(actual: readonly Tensors[], expected: readonly Tensors[]): number {
  const changes = expected.flatMap((outputs, i) =>
    Object.entries(outputs).map(([name, tensor]) => changeOf(actual[i]?.[name], tensor)),
  );
  return Math.max(0, ...changes);
}

function changeOf(actual: Tensor | undefined, expected: Tensor): number {
  const [got, wanted] = [actual ? numbersOf(actual) : [], numbersOf(expected)];
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let [energy, changed] = [0, 0];
  for (let i = 0; i < wanted.length; i += 1) {
    const value = wanted[i] as number;
    energy += value ** 2;
    changed += (value - (got[i] as number)) ** 2;
  }
  const share = changed / energy;
  return changed === 0 ? 0 : Number.isNaN(share) ? Number.POSITIVE_INFINITY : Math.sqrt(share);
}

function mostFirst(changes: ReadonlyMap<string, number>): string[] {
  const byName = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
  return byName.sort(([, a], [, b]) => (a === b ? 0 : b - a)).map(([name]) => name);
}
