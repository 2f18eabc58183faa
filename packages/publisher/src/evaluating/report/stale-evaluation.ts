import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '@nearside/core';
import { isFile } from '../../files/stat-path.js';
import { readJsonFile } from '../../packing/read-json-file.js';
import type { Evaluation } from '../judging/evaluation.js';
import { weighVariant } from '../judging/variant-files.js';
import { lossOf } from './describe-evaluation.js';
import { EVALUATION_FILE, withEvaluation, withoutEvaluation } from './write-evaluation.js';

/** A card as it is packed, and sentences about the evaluation that it tells of, or that lies beside it. */
export interface CurrentCard {
  readonly card: string;
  /** Why the evaluation is left out of the card. */
  readonly leftOut: readonly string[];
  /** Variants that have not passed. */
  readonly verdicts: readonly string[];
}

/**
 * Holds an evaluation against the files of the variants. What the card tells of it is written anew, so that nobody's edits
 * are packed as figures; of other files it is left out.
 */
export async function readCurrentCard(
  directory: string,
  variants: readonly Variant[],
): Promise<CurrentCard> {
  const card = await readFile(join(directory, 'MODEL.md'), 'utf8');
  const plain = withoutEvaluation(card);
  const isTold = plain !== card;
  const told = { card, leftOut: [], verdicts: [] };
  if (!isTold && !(await isFile(join(directory, EVALUATION_FILE)))) return told;
  const leaveOut = (why: string) => {
    const note = `The evaluation in MODEL.md is left out: ${why}. Evaluate again with \`--evaluate\`.`;
    return { ...told, card: plain, leftOut: isTold ? [note] : [] };
  };
  try {
    const evaluation = (await readJsonFile(directory, EVALUATION_FILE)) as Evaluation;
    const current = withEvaluation(card, evaluation);
    const why = await findStale(directory, variants, evaluation);
    if (why !== undefined) return leaveOut(why);
    const verdicts = describeOthers(evaluation, variants);
    return { ...told, card: isTold ? current : card, verdicts };
  } catch {
    return leaveOut(`${EVALUATION_FILE}, which says what files it is of, cannot be read`);
  }
}

/** @returns why it is not of these files; undefined where it is */
async function findStale(
  directory: string,
  variants: readonly Variant[],
  { original, originalSha256, ...of }: Evaluation,
): Promise<string | undefined> {
  const evaluated = Object.entries({ ...of.variants, [original]: { sha256: originalSha256 } });
  for (const [name, { sha256 }] of evaluated) {
    if (!variants.some((one) => one.name === name))
      return `it is of a variant '${name}', which model.json has not`;
    const now = await weighVariant(directory, name);
    if (now.sha256 !== sha256) {
      return `the files of variant '${name}', or what model.json says of it, are others now`;
    }
  }
  return undefined;
}

/** Variants that are packed though they have not passed. */
function describeOthers({ variants: judged }: Evaluation, variants: readonly Variant[]): string[] {
  const others = variants.flatMap(({ name, ships = true }) => {
    const one = judged[name];
    const isTold = ships && one && one.verdict !== 'passed';
    return isTold ? [`'${name}' is ${one.verdict}, with a loss of ${lossOf(one)}`] : [];
  });
  if (others.length === 0) return [];
  return [`${EVALUATION_FILE} says of these very files: ${others.join('; ')}.`];
}
