import { copyFile, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { basename } from 'node:path/posix';
import { type ModelSpec, partsOf } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { makeDirectory } from '../files/make-directory.js';
import { replaceFile } from '../files/replace-file.js';
import { sizeOf } from '../files/stat-path.js';
import { openTemporary, type TemporaryDirectory } from '../files/temporary.js';
import { editSpec, keepVariants, type SpecJson, shipAll } from './edit-documents.js';
import { understood } from './locate-tensors.js';
import { filesOf, type ModelDirectory, requireNotTaken } from './model-directory.js';
import { type MovedWeights, moveWeights } from './move-weights.js';

/** Smaller ONNX files stay as they are, bytes: they would save a device less than a request costs. */
const STAYS_BELOW = 1024 * 1024;

/** A model directory as it is published. */
export interface StagedModel extends TemporaryDirectory {
  /** Names of the ONNX files whose weights lie in a file of their own now. */
  readonly moved: ReadonlySet<string>;
}

/**
 * Copies a model directory, with the weights of large ONNX files in a file of their own, `<file>.weights`. A device then
 * keeps one copy of them in memory, and not two.
 *
 * @throws NearsideError `model-invalid` where another file has such a name
 */
export async function stageModel(model: ModelDirectory): Promise<StagedModel> {
  const { path, spec, files } = leaveOutUnshipped(model);
  const temporary = await openTemporary('staged');
  const { directory } = temporary;
  try {
    const moved = await moveAll(path, { spec, files, to: directory });
    for (const name of files.filter((name) => !moved.has(name))) {
      await makeDirectory(dirname(join(directory, name)));
      await copyFile(join(path, name), join(directory, name));
    }
    await keepVariants(directory, new Set(spec.variants.map(({ name }) => name)));
    await shipAll(directory);
    if (moved.size > 0) {
      await editSpec(directory, (json) => {
        return withFiles(json, ([model = '', ...others]) => {
          return moved.has(model) ? [model, weightsOf(model), ...others] : [model, ...others];
        });
      });
    }
    return { ...temporary, moved };
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    throw error;
  }
}

/** Without the variants that others are only compared with. */
function leaveOutUnshipped(model: ModelDirectory): Pick<ModelDirectory, 'path' | 'spec' | 'files'> {
  const { path, spec, golden } = model;
  const variants = spec.variants.filter(({ ships = true }) => ships);
  if (variants.length === spec.variants.length) return model;
  if (variants.length === 0) {
    throw modelInvalid('model.json: expected a variant that ships, got none.', {});
  }
  const shipped = { ...spec, variants };
  return { path, spec: shipped, files: filesOf(shipped, golden) };
}

/** Gives ONNX files of a staged model their weights back, as they are in its model directory. */
export async function moveBack(
  { directory }: StagedModel,
  { path }: Pick<ModelDirectory, 'path'>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    await rm(join(directory, weightsOf(name)));
    await replaceFile(join(directory, name), (temporary) => copyFile(join(path, name), temporary));
  }
  const gone = new Set(names.map(weightsOf));
  await editSpec(directory, (json) => {
    return withFiles(json, (files) => files.filter((file) => !gone.has(file)));
  });
}

/** @returns the names of the ONNX files that were written without their weights */
async function moveAll(
  from: string,
  { spec, files, to }: { spec: ModelSpec; files: readonly string[]; to: string },
): Promise<ReadonlySet<string>> {
  const moved = new Set<string>();
  const parts = spec.variants.flatMap(partsOf).filter(({ runtime }) => runtime === 'onnx');
  for (const name of new Set(parts.map((part) => part.files[0] as string))) {
    if ((await sizeOf(join(from, name))) <= STAYS_BELOW) continue;
    const weightsFile = weightsOf(name);
    const split = await understood(async () =>
      moveWeights(await readFile(join(from, name)), basename(weightsFile)),
    );
    if (!split) continue;
    requireNotTaken(weightsFile, files);
    await writeSplit(join(to, name), join(to, weightsFile), split);
    moved.add(name);
  }
  return moved;
}

async function writeSplit(
  path: string,
  weightsPath: string,
  { model, weights }: MovedWeights,
): Promise<void> {
  await makeDirectory(dirname(path));
  await writeFile(path, model);
  const file = await open(weightsPath, 'w');
  try {
    for (const values of weights) await file.writeFile(values);
  } finally {
    await file.close();
  }
}

function weightsOf(model: string): string {
  return `${model}.weights`;
}

/** Changes the files of each ONNX variant, or of each of its stages. */
function withFiles(json: SpecJson, edit: (files: readonly string[]) => string[]): SpecJson {
  const edited = <Part extends { files: string[] }>(part: Part): Part => {
    return { ...part, files: edit(part.files) };
  };
  const variants = json.variants.map((variant) => {
    if (variant.runtime !== 'onnx') return variant;
    if (!variant.stages) return edited(variant);
    const stages = Object.entries(variant.stages).map(([name, part]) => [name, edited(part)]);
    return { ...variant, stages: Object.fromEntries(stages) };
  });
  return { ...json, variants };
}
