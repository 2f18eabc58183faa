import { join } from 'node:path';
import {
  type Golden,
  parse,
  parseGolden,
  parseModelSpec,
  Sha256HexSchema,
  sessionFiles,
  type Variant,
} from '@nearside/core';
import * as v from 'valibot';
import { ANSWERS_RECORD } from '../drafting/golden-script.js';
import { filesDigest } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { writeIfChanged } from '../files/replace-file.js';
import { exists, isFile } from '../files/stat-path.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { requireFiles } from './require-inside.js';

const RecordSchema = v.strictObject({
  weights: Sha256HexSchema,
  inputs: v.nullable(Sha256HexSchema),
});

/** @returns whether the answers were computed in this directory; otherwise it brought them along */
export function hasRecord(directory: string): Promise<boolean> {
  return exists(join(directory, ANSWERS_RECORD));
}

/**
 * @returns the names of the variants that golden.json has not every answer of; all of them where its answers are to other
 *   weights or sample inputs, or by another runtime than was asked for
 */
export async function unanswered(
  directory: string,
  asked: { readonly inputs: string | undefined; readonly reference: 'wasm' | 'python' | undefined },
): Promise<readonly string[]> {
  const { variants } = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  const missing = withoutAnswers(golden, variants);
  const isOfThese =
    !(await hasRecord(directory)) || (await isOf({ directory, golden, missing }, asked));
  return isOfThese ? missing : variants.map(({ name }) => name);
}

interface Answered {
  readonly directory: string;
  readonly golden: Golden;
  readonly missing: readonly string[];
}

/** The record is of the variants that were answered for then. */
async function isOf(
  { directory, golden, missing }: Answered,
  { inputs, reference = referenceOf(golden) }: Parameters<typeof unanswered>[1],
): Promise<boolean> {
  const record = await readRecord(directory);
  if (record.weights !== (await weightsDigest(directory, { without: missing }))) return false;
  if (reference !== referenceOf(golden)) return false;
  return inputs === undefined || record.inputs === (await inputsDigest(inputs));
}

function withoutAnswers(
  { cases, tolerance }: Golden,
  variants: readonly Pick<Variant, 'name'>[],
): string[] {
  return variants.flatMap(({ name }) => {
    const isThere = name in tolerance && cases.every(({ expected }) => name in expected);
    return isThere ? [] : [name];
  });
}

/** Python's answers come without a name. */
function referenceOf({ reference }: Golden): 'wasm' | 'python' {
  return reference === undefined ? 'python' : 'wasm';
}

/** Notes what all was answered to, so that changed weights are noticed. Of other variants' sample inputs it says the same. */
export async function recordWeights(
  directory: string,
  { others }: { readonly others: boolean },
): Promise<void> {
  const inputs = others ? (await readRecord(directory)).inputs : null;
  const record = { weights: await weightsDigest(directory), inputs };
  await writeIfChanged(join(directory, ANSWERS_RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

async function readRecord(directory: string) {
  const what = { code: 'metadata-malformed', what: ANSWERS_RECORD } as const;
  return parse(RecordSchema, await readJsonFile(directory, ANSWERS_RECORD), what);
}

async function weightsDigest(
  directory: string,
  { without = [] }: { readonly without?: readonly string[] } = {},
): Promise<string> {
  const { variants } = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const answered = variants.filter(({ name }) => !without.includes(name));
  const files = [...new Set(answered.flatMap(sessionFiles))].sort();
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
