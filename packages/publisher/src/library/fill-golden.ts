import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  type Golden,
  type ModelSpec,
  NearsideError,
  parse,
  parseGolden,
  parseModelSpec,
  partsOf,
  Sha256HexSchema,
  weightFiles as weightFilesOf,
} from '@nearside/core';
import * as v from 'valibot';
import { GOLDEN_SCRIPT, requireShippedScript } from '../drafting/golden-script.js';
import { PublisherError } from '../errors/publisher-error.js';
import { filesDigest } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { exists, isFile } from '../files/stat-path.js';
import { externalFiles } from '../packing/locate-tensors.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { parseManifest, weightFiles } from '../packing/tfjs-manifest.js';

export interface FillGoldenOptions {
  /** A model directory. One without `reference/golden.py` got its answers elsewhere. */
  readonly directory: string;
  /** Sample images, as `<label>/<file>` or without labels. They become golden inputs and the baseline. */
  readonly inputs?: string | undefined;
  /** The Python to run; by default the first on the system that works. */
  readonly python?: string | undefined;
  /**
   * Runs `reference/` with files of your own, such as a `model.py`. Otherwise only files that this version ships are
   * run, because a model directory may come from anybody.
   */
  readonly runReference?: boolean | undefined;
}

export interface FilledGolden {
  /** `filled`: the script ran. `complete`: it had run. `own`: the directory has no such script. */
  readonly state: 'filled' | 'complete' | 'own';
  /** Printed by the script: how much of each tolerance other correct implementations use. */
  readonly report: string;
}

/** Without an option, the first of these that has golden.py's packages. */
const PYTHONS: readonly string[] = ['python3', 'python', '/usr/bin/python3'];

/** The program is missing, or golden.py exited because a Python package is missing. */
const CANNOT_RUN: ReadonlySet<unknown> = new Set(['ENOENT', 3]);

/** Files that golden.py writes; `golden` itself, if it is a link. */
const WRITTEN = /^(?:golden\.json|baseline\.json|golden(?:\/.*)?)$/;

/** Inputs of the script that the answers were computed from. */
const MadeFromSchema = v.strictObject({
  weights: Sha256HexSchema,
  inputs: v.nullable(Sha256HexSchema),
});

/**
 * Has another runtime compute the answers of a draft's golden cases: runs `reference/golden.py`, unless it has run on
 * these weights and sample inputs before.
 *
 * @throws NearsideError `golden-missing`, with the command to run where Python can; `gate-refused` when the script is
 *   not ours; `name-unsafe` when it would read or write outside the directory
 */
export async function fillGolden(options: FillGoldenOptions): Promise<FilledGolden> {
  const { directory, inputs } = options;
  if (!(await exists(join(directory, GOLDEN_SCRIPT)))) {
    if (inputs !== undefined) throw noScript(directory);
    return { state: 'own', report: '' };
  }
  if (await isComplete(options)) return { state: 'complete', report: '' };
  return { state: 'filled', report: await runScript(options) };
}

async function isComplete({ directory, inputs }: FillGoldenOptions): Promise<boolean> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  if (!hasAnswers(golden, spec)) return false;
  if (!(await exists(join(directory, 'golden/made-from.json')))) return true; // the answers came from elsewhere
  const what = { code: 'metadata-malformed', what: 'golden/made-from.json' } as const;
  const made = parse(MadeFromSchema, await readJsonFile(directory, what.what), what);
  if (made.weights !== (await weightsDigest(directory, spec))) return false;
  return inputs === undefined || made.inputs === (await inputsDigest(inputs));
}

function hasAnswers({ cases, tolerance }: Golden, { variants }: ModelSpec): boolean {
  return variants.every(({ name }) => {
    return name in tolerance && cases.every(({ expected }) => name in expected);
  });
}

async function weightsDigest(directory: string, { variants }: ModelSpec): Promise<string> {
  const files = [...new Set(variants.flatMap(weightFilesOf))].sort();
  await requireFiles(directory, files);
  return filesDigest(files.map((name) => [name, join(directory, name)] as const));
}

/** Hidden files are not samples. */
async function inputsDigest(inputs: string): Promise<string> {
  const names = ((await listFiles(inputs)) ?? []).filter((name) => !/(?:^|\/)\.[^/]*$/.test(name));
  const files: [string, string][] = [];
  for (const name of names) {
    const path = join(inputs, name);
    if (await isFile(path)) files.push([name, path]);
  }
  return filesDigest(files);
}

/** Requires that every file the script reads or writes lies inside. A link would lead it elsewhere. */
async function requireInside(directory: string): Promise<void> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const present = (await listFiles(directory)) ?? [];
  await requireFiles(
    directory,
    present.filter((name) => WRITTEN.test(name)),
  );
  for (const { files, runtime } of spec.variants.flatMap(partsOf)) {
    const [model = ''] = files;
    await requireFiles(directory, files);
    const weights =
      runtime === 'onnx' ? externalFiles(directory, model) : tfjsFiles(directory, model);
    await requireFiles(directory, await weights);
  }
}

async function requireFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await findModelFile(directory, name)) === undefined) throw fileMissing(directory, name);
  }
}

async function tfjsFiles(directory: string, model: string): Promise<string[]> {
  return weightFiles(model, parseManifest(await readJsonFile(directory, model), model));
}

async function runScript(options: FillGoldenOptions): Promise<string> {
  const { directory, inputs, python, runReference } = options;
  // A path that began with a dash would be an option of Python.
  const words = [resolve(directory, GOLDEN_SCRIPT)];
  if (inputs !== undefined) words.push('--inputs', resolve(inputs));
  const candidates = python === undefined ? PYTHONS : [python];
  if (!runReference) {
    await requireShippedScript(directory, commandLine(candidates[0] ?? '', words));
  }
  await requireInside(directory);
  for (const candidate of candidates) {
    try {
      return (await promisify(execFile)(candidate, words)).stdout.trimEnd();
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      const isLast = candidate === candidates.at(-1);
      if (CANNOT_RUN.has(code) && !isLast) continue;
      throw goldenMissing(candidates[0] ?? '', words, cause);
    }
  }
  throw new TypeError('expected a Python to try');
}

function goldenMissing(python: string, words: readonly string[], cause: unknown): PublisherError {
  const { code, stderr } = cause as { code?: unknown; stderr?: string };
  const said = stderr?.trim().split('\n').at(-1) ?? '';
  const isAbsent = CANNOT_RUN.has(code);
  const command = commandLine(python, words);
  const got = code === 'ENOENT' ? `no program '${python}'` : said || `exit code ${String(code)}`;
  const advice = isAbsent
    ? 'Run it with a Python that has numpy, onnxruntime and (for sample images) pillow, then run ' +
      'pack again as before; or name that Python with `--python`.'
    : 'Correct that, and run pack again as before.';
  return new PublisherError(
    'golden-missing',
    `Golden outputs: expected \`${command}\` to compute them, got: ${got}. ${advice}`,
    { cause, details: { command, python, got } },
  );
}

function commandLine(python: string, words: readonly string[]): string {
  return [python, ...words].map(quote).join(' ');
}

/** Quotes a word for shells and for people. */
function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function noScript(directory: string): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${directory}: expected ${GOLDEN_SCRIPT}, which turns sample inputs into golden cases and a ` +
      'baseline, got none. A model directory of your own brings golden.json and baseline.json along: ' +
      'pack it without `--inputs`.',
    { details: { directory } },
  );
}
