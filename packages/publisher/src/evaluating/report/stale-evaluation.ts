import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '@nearside/core';
import { readJsonFile } from '../../packing/read-json-file.js';
import type { Evaluation } from '../judging/evaluation.js';
import { weighVariant } from '../judging/variant-files.js';
import { EVALUATION_FILE, withoutEvaluation } from './write-evaluation.js';

/**
 * Holds an evaluation that a card tells of against the files of the variants.
 *
 * @returns why it is not of these files; undefined where it is, or the card tells of none
 */
export async function findStale(
  directory: string,
  variants: readonly Variant[],
): Promise<string | undefined> {
  const card = await readFile(join(directory, 'MODEL.md'), 'utf8');
  if (withoutEvaluation(card) === card) return undefined;
  const evaluated = await readDigests(directory);
  if (!evaluated) return `${EVALUATION_FILE}, which says what files it is of, cannot be read`;
  for (const [name, sha256] of evaluated) {
    const variant = variants.find((one) => one.name === name);
    if (!variant) return `it is of a variant '${name}', which model.json has not`;
    const now = await weighVariant(directory, variant);
    if (now.sha256 !== sha256) return `the files of variant '${name}' are others now`;
  }
  return undefined;
}

/** SHA-256 of the original and of each variant that was held against it, by its name. */
async function readDigests(directory: string): Promise<Map<string, unknown> | undefined> {
  try {
    const evaluation = (await readJsonFile(directory, EVALUATION_FILE)) as Evaluation;
    const variants = Object.entries(evaluation.variants);
    return new Map([
      [evaluation.original, evaluation.originalSha256],
      ...variants.map(([name, { sha256 }]) => [name, sha256] as const),
    ]);
  } catch {
    return undefined;
  }
}
