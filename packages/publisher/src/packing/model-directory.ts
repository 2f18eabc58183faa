import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { graphFileName, LAYOUT_FILE } from '@nearside/artifact';
import {
  type Golden,
  goldenFiles,
  type ModelSpec,
  parseBaseline,
  parseGolden,
  parseModelSpec,
  resourceFiles,
  sessionFiles,
} from '@nearside/core';
import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import { modelInvalid } from '../errors/model-invalid.js';
import { checkGolden } from './check-golden.js';
import { checkHealth } from './check-health.js';
import { checkVariants } from './check-variants.js';
import { type GoldenSize, weighGolden } from './golden-size.js';
import { findModelFile } from './model-file.js';
import { fileMissing, readJsonFile } from './read-json-file.js';

/** A directory that holds everything one model version needs, checked to fit together. */
export interface ModelDirectory {
  readonly path: string;
  readonly spec: ModelSpec;
  readonly golden: Golden;
  readonly goldenSize: GoldenSize;
  /** Sentences about golden cases that prove nothing. */
  readonly goldenNotes: readonly string[];
  /** Every file of the version by its name, sorted. Other files in the directory are not part of it. */
  readonly files: readonly string[];
}

/** Present besides the files that the spec and the golden cases name. */
const FIXED_FILES = ['model.json', 'golden.json', 'baseline.json', 'MODEL.md'] as const;

const ADVICE = `A model directory holds ${FIXED_FILES.join(', ')} and every file that they name.`;

/**
 * Reads and checks a model directory.
 *
 * @throws NearsideError `file-missing`, `metadata-malformed`, `metadata-too-large`, `model-invalid`
 *   or `name-unsafe`, naming the file
 */
export async function readModelDirectory(path: string): Promise<ModelDirectory> {
  const spec = parseModelSpec(await readJsonFile(path, 'model.json', { advice: ADVICE }));
  checkHealth(spec);
  const golden = parseGolden(await readJsonFile(path, 'golden.json', { advice: ADVICE }));
  parseBaseline(await readJsonFile(path, 'baseline.json', { advice: ADVICE }));
  const files = filesOf(spec, golden);
  for (const name of files) {
    if (!(await findModelFile(path, name))) throw fileMissing(path, name, { advice: ADVICE });
  }
  compilePipeline(spec, { resources: await readResources(path, spec), stepsFile: STEPS_FILE });
  await checkVariants(path, spec);
  const goldenNotes = await checkGolden(path, spec, golden);
  const goldenSize = await weighGolden(path, spec, golden);
  return { path, spec, golden, goldenSize, goldenNotes, files };
}

/** @returns every file of a version of these variants, sorted */
export function filesOf(spec: ModelSpec, golden: Golden): string[] {
  const weights = spec.variants.flatMap(sessionFiles);
  const variants = spec.variants.map(({ name }) => name);
  const proofs = golden.cases.flatMap((one) => goldenFiles(one, variants));
  const names = new Set([...FIXED_FILES, ...weights, ...resourceFiles(spec), ...proofs]);
  const files = [...names].sort();
  for (const name of [LAYOUT_FILE, ...spec.variants.map(({ name }) => graphFileName(name))]) {
    requireNotTaken(name, files);
  }
  return files;
}

/** @throws NearsideError `model-invalid` when a model has a file of a name that `pack` writes itself */
export function requireNotTaken(name: string, files: readonly string[]): void {
  if (!files.includes(name)) return;
  throw modelInvalid(
    `${name}: expected no file of this name, which pack writes itself; rename it.`,
    { file: name },
  );
}

export async function readResources(
  path: string,
  spec: ModelSpec,
): Promise<Map<string, Uint8Array>> {
  const resources = new Map<string, Uint8Array>();
  for (const name of resourceFiles(spec)) resources.set(name, await readFile(join(path, name)));
  return resources;
}
