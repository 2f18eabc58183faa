import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Golden,
  parseModelSpec,
  type Stage,
  type StoredTensor,
  stagesOf,
  type Tensors,
} from '@nearside/core';
import {
  compilePipeline,
  type Finished,
  type Flow,
  type Prepared,
  STEPS_FILE,
} from '@nearside/pipeline';
import { makeDirectory } from '../files/make-directory.js';
import { readResources } from '../packing/model-directory.js';
import { readJsonFile } from '../packing/read-json-file.js';

/** So many cases of a stage are asked, of long sounds and full pages some of all: more change an order little. */
const MOST_CASES = 64;

/**
 * Puts what a model's stages are given for some inputs in place of the golden cases of a model directory. Models with a
 * state begin with none at each.
 *
 * @param inputs as `model.run` takes them
 * @param answer has the model answer the cases of one stage, because the next is given what it answers
 */
export async function writeCasesOfInputs(
  directory: string,
  inputs: readonly unknown[],
  answer: () => Promise<readonly Tensors[]>,
): Promise<void> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const pipeline = compilePipeline(spec, {
    resources: await readResources(directory, spec),
    stepsFile: STEPS_FILE,
  });
  const stages = stagesOf(spec);
  const cases: Case[] = [];
  let progress: (Prepared | Finished)[] = [];
  for (const input of inputs) progress.push(await begin(pipeline.begin(), input));
  for (const [i, stage] of stages.entries()) {
    const waiting = progress.filter((one) => !one.isDone);
    const all = await writeCases(
      directory,
      stage,
      waiting.flatMap(({ items }) => items),
    );
    if (all.length === 0) break;
    cases.push(...someOf(all));
    if (i === stages.length - 1) break;
    await writeGolden(directory, all);
    const outputs = [...(await answer())];
    progress = [];
    for (const one of waiting) {
      progress.push(await one.finish(outputs.splice(0, one.items.length)));
    }
  }
  for (const one of progress) if (!one.isDone) one.release();
  if (cases.length > 0) await writeGolden(directory, cases);
}

type Case = Golden['cases'][number];

function begin(flow: Flow, input: unknown): Prepared | Promise<Prepared> {
  const isTensors = typeof input === 'object' && input !== null && 'tensors' in input;
  return isTensors ? flow.take([input.tensors as Tensors]) : flow.prepare(input);
}

/** Evenly from all. */
function someOf<T>(all: readonly T[]): T[] {
  const step = Math.max(1, all.length / MOST_CASES);
  return Array.from(
    { length: Math.min(all.length, MOST_CASES) },
    (_, i) => all[Math.floor(i * step)] as T,
  );
}

async function writeCases(
  directory: string,
  { name: stage }: Stage,
  items: readonly Tensors[],
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [i, tensors] of items.entries()) {
    const inputs: Record<string, StoredTensor> = {};
    for (const [name, { datatype, shape, data }] of Object.entries(tensors)) {
      if (datatype === 'BYTES') continue;
      const file = `asked/${stage || 'model'}-${i}-${Object.keys(inputs).length}.bin`;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      await makeDirectory(dirname(join(directory, file)));
      await writeFile(join(directory, file), bytes);
      inputs[name] = { datatype, shape: [...shape], file };
    }
    cases.push({ name: `${stage}-${i}`, ...(stage && { stage }), inputs, expected: {} });
  }
  return cases;
}

function writeGolden(directory: string, cases: readonly Case[]): Promise<void> {
  const golden = JSON.stringify({ format: 1, cases, tolerance: {} });
  return writeFile(join(directory, 'golden.json'), golden);
}
