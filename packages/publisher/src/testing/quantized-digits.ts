import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIGITS } from './hugging-face-folder.js';

/** The ONNX file of models/digits that is not quantised. */
export const DIGITS_OF_FLOATS = join(DIGITS, 'fp32/model.onnx');

async function answers(directory: string, variant: string): Promise<Float32Array> {
  const golden = JSON.parse(await readFile(join(directory, 'golden.json'), 'utf8'));
  const [output] = Object.values<{ file: string }>(golden.cases[0].expected[variant]);
  const bytes = await readFile(join(directory, output?.file ?? ''));
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** The largest difference of two variants' first answers, by the largest value. */
export async function differ(
  directory: string,
  [a, b]: readonly [string, string],
): Promise<number> {
  const [first, second] = [await answers(directory, a), await answers(directory, b)];
  const largest = Math.max(...first.map(Math.abs));
  return Math.max(...first.map((value, i) => Math.abs(value - (second[i] as number)))) / largest;
}

export async function editJson(
  directory: string,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a test
  edit: (json: any) => void,
): Promise<void> {
  const json = JSON.parse(await readFile(join(directory, name), 'utf8'));
  edit(json);
  await writeFile(join(directory, name), JSON.stringify(json));
}
