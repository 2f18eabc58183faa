import * as v from 'valibot';
import { Misfit } from '../step.js';

/** Labels by the index of their class. */
export const IdToLabelSchema = v.record(v.pipe(v.string(), v.regex(/^\d+$/)), v.string());

/** Most indices that a message lists. */
const LISTED = 12;

/** @throws Misfit unless every class has a label, and no other has one */
export function requireLabels(
  id2label: Readonly<Record<string, string>>,
  classes: number | undefined,
): void {
  const indices = Object.keys(id2label);
  const isWhole = indices.every((index) => Number(index) < indices.length);
  if (classes === undefined || (isWhole && indices.length === classes)) return;
  const more = indices.length > LISTED ? ', …' : '';
  throw new Misfit(
    `a label in id2label for each of ${classes} classes, 0 to ${classes - 1}`,
    `${indices.length}: ${indices.slice(0, LISTED).join(', ')}${more}`,
  );
}
