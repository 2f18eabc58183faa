import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseGolden } from '@nearside/core';
import { GOLDEN_SCRIPT, requireShippedScript } from '../drafting/golden-script.js';
import { PublisherError } from '../errors/publisher-error.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { describeInputs } from '../packing/seeded-inputs.js';
import { requireInside } from './require-inside.js';

export interface PythonOptions {
  readonly directory: string;
  readonly inputs?: string | undefined;
  readonly python?: string | undefined;
  readonly runReference?: boolean | undefined;
}

/** Without an option, the first of these that has golden.py's packages. */
const PYTHONS: readonly string[] = ['python3', 'python', '/usr/bin/python3'];

/** The program is missing, or golden.py exited because a Python package is missing. */
const CANNOT_RUN: ReadonlySet<unknown> = new Set(['ENOENT', 3]);

/**
 * Has Python answer the golden cases of a model directory, by `reference/golden.py`: a runtime that no device serves
 * with.
 *
 * @returns what the script prints: how much of each tolerance other right ways to compute use
 * @throws NearsideError `golden-missing`, with the command to run where Python can; `gate-refused` when the script is
 *   not ours
 */
export async function answerInPython({
  directory,
  inputs,
  python,
  runReference,
}: PythonOptions): Promise<string> {
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
      const running = promisify(execFile)(candidate, words);
      const end = () => void running.child.kill();
      process.on('exit', end);
      const { stdout } = await running.finally(() => process.off('exit', end));
      return stdout.trimEnd();
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      const isLast = candidate === candidates.at(-1);
      if (CANNOT_RUN.has(code) && !isLast) continue;
      throw await goldenMissing(directory, [candidates[0] ?? '', ...words], cause);
    }
  }
  throw new TypeError('expected a Python to try');
}

async function goldenMissing(
  directory: string,
  [python = '', ...words]: readonly string[],
  cause: unknown,
): Promise<PublisherError> {
  const { code, stderr } = cause as { code?: unknown; stderr?: string };
  const said = stderr?.trim().split('\n').at(-1) ?? '';
  const isAbsent = CANNOT_RUN.has(code);
  const command = commandLine(python, words);
  const got = code === 'ENOENT' ? `no program '${python}'` : said || `exit code ${String(code)}`;
  const advice = isAbsent
    ? 'Run it with a Python that has numpy, onnxruntime and (for sample images) pillow, then run ' +
      'pack again as before; or name that Python with `--python`; or do without, with `--reference wasm`.'
    : `${await describeTried(directory)}Correct that, and run pack again as before.`;
  return new PublisherError(
    'golden-missing',
    `Golden outputs: expected \`${command}\` to compute them, got: ${got}. ${advice}`,
    { cause, details: { command, python, got } },
  );
}

async function describeTried(directory: string): Promise<string> {
  const { cases } = parseGolden(await readJsonFile(directory, 'golden.json'));
  return `Tried: ${cases.map(({ inputs }) => describeInputs(inputs)).join('; then ')}. `;
}

function commandLine(python: string, words: readonly string[]): string {
  return [python, ...words].map(quote).join(' ');
}

/** Quotes a word for shells and for people. */
function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
