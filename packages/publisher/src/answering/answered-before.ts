import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Golden,
  type ModelSpec,
  parse,
  parseGolden,
  parseModelSpec,
  Sha256HexSchema,
  sessionFiles,
} from '@nearside/core';
import * as v from 'valibot';
import { filesDigest } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { exists, isFile } from '../files/stat-path.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { requireFiles } from './require-inside.js';

/** It says from what the answers were computed; golden.py writes the same. */
const RECORD = 'golden/made-from.json';

const RecordSchema = v.strictObject({
  weights: Sha256HexSchema,
  inputs: v.nullable(Sha256HexSchema),
});

/** @returns whether the answers were computed in this directory; otherwise it brought them along */
export function hasRecord(directory: string): Promise<boolean> {
  return exists(join(directory, RECORD));
}

/** @returns whether golden.json has answers, and to these weights and sample inputs by the runtime that was asked for */
export async function isAnswered(
  directory: string,
  asked: { readonly inputs: string | undefined; readonly reference: 'wasm' | 'python' | undefined },
): Promise<boolean> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  if (withoutAnswers(golden, spec).length > 0) return false;
  if (!(await hasRecord(directory))) return true;
  const what = { code: 'metadata-malformed', what: RECORD } as const;
  const made = parse(RecordSchema, await readJsonFile(directory, RECORD), what);
  if (made.weights !== (await weightsDigest(directory, spec))) return false;
  const { inputs, reference = referenceOf(golden) } = asked;
  if (reference !== referenceOf(golden)) return false;
  return inputs === undefined || made.inputs === (await inputsDigest(inputs));
}

/** @returns the names of the variants that golden.json has not every answer of */
export async function unanswered(directory: string): Promise<string[]> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  return withoutAnswers(parseGolden(await readJsonFile(directory, 'golden.json')), spec);
}

function withoutAnswers({ cases, tolerance }: Golden, { variants }: ModelSpec): string[] {
  return variants.flatMap(({ name }) => {
    const isThere = name in tolerance && cases.every(({ expected }) => name in expected);
    return isThere ? [] : [name];
  });
}

/** Python's answers come without a name. */
function referenceOf({ reference }: Golden): 'wasm' | 'python' {
  return reference === undefined ? 'python' : 'wasm';
}

/** Notes what wasm answered to, so that changed weights are noticed. */
export async function recordWeights(directory: string): Promise<void> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const record = { weights: await weightsDigest(directory, spec), inputs: null };
  await writeFile(join(directory, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

async function weightsDigest(directory: string, { variants }: ModelSpec): Promise<string> {
  const files = [...new Set(variants.flatMap(sessionFiles))].sort();
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
