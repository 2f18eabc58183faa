import { join } from 'node:path';
import { NearsideError, parseGolden } from '@nearside/core';
import { answerInPython } from '../answering/answer-in-python.js';
import { answerInWasm } from '../answering/answer-in-wasm.js';
import { hasRecord, unanswered } from '../answering/answered-before.js';
import { findForeignFile, GOLDEN_SCRIPT } from '../drafting/golden-script.js';
import { exists } from '../files/stat-path.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { describeInputs } from '../packing/seeded-inputs.js';
import { type OnStep, tellingLong } from './telling-long.js';

/** Either may answer golden cases: a runtime that devices serve with, on a CPU; or another one than theirs. */
export const REFERENCES = ['wasm', 'python'] as const;
export type Reference = (typeof REFERENCES)[number];

export interface FillGoldenOptions {
  /** A model directory. Answers that it brings along are kept. */
  readonly directory: string;
  /**
   * Computes missing answers, and those of another reference anew. By default `wasm`, with Node alone; `python` with
   * one of the options below, or where `reference/` has files of your own.
   */
  readonly reference?: Reference | undefined;
  /** Sample images, as `<label>/<file>` or without labels. They become golden inputs and the baseline. */
  readonly inputs?: string | undefined;
  /** The Python to run; by default the first on the system that works. */
  readonly python?: string | undefined;
  /**
   * Runs `reference/` with files of your own, such as a `model.py`. Otherwise only files that this version ships are
   * run, because a model directory may come from anybody.
   */
  readonly runReference?: boolean | undefined;
  /** Takes a sentence where the answers take longer than two seconds. */
  readonly onStep?: OnStep | undefined;
}

export interface FilledGolden {
  /** `filled`: the answers were computed now. `complete`: before. `own`: the directory brought them along. */
  readonly state: 'filled' | 'complete' | 'own';
  /** The runtime that answered, and the tolerances that were widened for other right ways to compute the answers. */
  readonly report: string;
  /** A line for each golden case: what the model was given. */
  readonly fed: readonly string[];
}

/**
 * Has a reference answer the golden cases of a model directory, unless it has answered them with these weights and
 * sample inputs before.
 *
 * @throws NearsideError `golden-missing`, with the inputs that were tried, or the command to run where Python can;
 *   `model-invalid` for answers that nothing can be compared with; `gate-refused` when the script is not ours;
 *   `file-missing` without the package nearside; `name-unsafe` when it would read or write outside the directory
 * @throws TypeError for options of Python beside the reference `wasm`
 */
export async function fillGolden(options: FillGoldenOptions): Promise<FilledGolden> {
  const { directory, inputs, onStep } = options;
  const asked = askedFor(options);
  const hasScript = await exists(join(directory, GOLDEN_SCRIPT));
  if (!hasScript && inputs !== undefined) throw noScript(directory);
  const isOwn = !hasScript && !(await hasRecord(directory)) && (await hasSomeAnswers(directory));
  const variants = await unanswered(directory, { inputs, reference: asked });
  if (variants.length === 0) return { state: isOwn ? 'own' : 'complete', report: '', fed: [] };
  if (asked === 'python' && !hasScript) throw noScript(directory);
  const isPython = (await referenceFor(options)) === 'python';
  const report = await tellingLong('Golden cases are being answered.', onStep, () =>
    isPython ? answerInPython(options) : answerInWasm(directory, { variants }),
  );
  return { state: 'filled', report, fed: isOwn ? [] : await describeCases(directory) };
}

/** @returns what answers where answers are missing */
export async function referenceFor(options: FillGoldenOptions): Promise<Reference> {
  const { directory } = options;
  const asked = askedFor(options);
  if (asked !== undefined || !(await exists(join(directory, GOLDEN_SCRIPT))))
    return asked ?? 'wasm';
  return (await findForeignFile(directory)) === undefined ? 'wasm' : 'python';
}

function askedFor({
  reference,
  inputs,
  python,
  runReference,
}: FillGoldenOptions): Reference | undefined {
  const option =
    (inputs !== undefined && 'inputs') ||
    (python !== undefined && 'python') ||
    (runReference && 'runReference');
  if (!option) return reference;
  if (reference !== 'wasm') return 'python';
  throw new TypeError(
    `fillGolden: expected no \`${option}\` beside \`reference\` wasm, because that is for Python.`,
  );
}

async function hasSomeAnswers(directory: string): Promise<boolean> {
  const { cases } = parseGolden(await readJsonFile(directory, 'golden.json'));
  return cases.some(({ expected }) => Object.keys(expected).length > 0);
}

async function describeCases(directory: string): Promise<string[]> {
  const { cases } = parseGolden(await readJsonFile(directory, 'golden.json'));
  return cases.map(({ name, inputs }) => `${name}: ${describeInputs(inputs)}`);
}

function noScript(directory: string): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${directory}: expected ${GOLDEN_SCRIPT}, which answers golden cases in Python, and makes them and a ` +
      'baseline of sample inputs, got none. A model directory of your own brings its answers along, or ' +
      'has them computed without Python: pack it without `--inputs` and `--python`.',
    { details: { directory } },
  );
}
