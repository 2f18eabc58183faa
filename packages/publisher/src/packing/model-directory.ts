import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Golden,
  type ModelSpec,
  NearsideError,
  parseBaseline,
  parseGolden,
  parseModelSpec,
} from '@nearside/core';
import { checkGolden } from './check-golden.js';
import { checkVariants } from './check-variants.js';
import { LAYOUT_FILE } from './lay-out-files.js';
import { modelInvalid } from './model-invalid.js';

/** A directory that holds everything one model version needs, and where all of it fits together. */
export interface ModelDirectory {
  readonly path: string;
  readonly spec: ModelSpec;
  readonly golden: Golden;
  /** Every file of the version by its name, sorted. Whatever else lies there is no part of it. */
  readonly files: readonly string[];
}

/** Besides the files that the spec and the golden cases name. */
const FIXED_FILES = ['model.json', 'golden.json', 'baseline.json', 'MODEL.md'] as const;

/**
 * Reads and checks a model directory.
 *
 * @throws NearsideError `file-missing`, `metadata-malformed` or `model-invalid`, naming the file
 */
export async function readModelDirectory(path: string): Promise<ModelDirectory> {
  const spec = parseModelSpec(await readJson(path, 'model.json'));
  const golden = parseGolden(await readJson(path, 'golden.json'));
  parseBaseline(await readJson(path, 'baseline.json'));
  const files = filesOf(spec, golden);
  for (const name of files) await requireFile(path, name);
  await checkVariants(path, spec);
  await checkGolden(path, spec, golden);
  return { path, spec, golden, files };
}

function filesOf(spec: ModelSpec, golden: Golden): string[] {
  const weights = spec.variants.flatMap((variant) => variant.files);
  const tensors = golden.cases.flatMap(({ inputs, expected }) =>
    [inputs, ...Object.values(expected)].flatMap((stored) => Object.values(stored)),
  );
  const names = new Set([...FIXED_FILES, ...weights, ...tensors.map(({ file }) => file)]);
  if (names.has(LAYOUT_FILE)) {
    throw modelInvalid(
      `${LAYOUT_FILE}: expected no file of this name, which pack writes itself; rename it.`,
      { file: LAYOUT_FILE },
    );
  }
  return [...names].sort();
}

async function requireFile(directory: string, name: string): Promise<void> {
  const isFile = await stat(join(directory, name)).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile) throw fileMissing(directory, name);
}

async function readJson(directory: string, name: string): Promise<unknown> {
  const text = await readFile(join(directory, name), 'utf8').catch((cause) => {
    throw fileMissing(directory, name, cause);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NearsideError('metadata-malformed', `${name}: expected JSON, got something else.`, {
      cause,
      details: { file: name },
    });
  }
}

function fileMissing(directory: string, name: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'file-missing',
    `${name}: expected this file in ${directory}, got none that can be read. A model directory ` +
      `holds ${FIXED_FILES.join(', ')} and every file that they name.`,
    { cause, details: { directory, file: name } },
  );
}
