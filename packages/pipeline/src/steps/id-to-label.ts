import * as v from 'valibot';
import { Misfit } from '../step.js';

/** Labels by the index of their class. */
export const IdToLabelSchema = v.record(
  v.pipe(v.string(), v.regex(/^(?:0|[1-9]\d*)$/, 'the index of a class')),
  v.string(),
);

/** Most indices that a message lists. */
const LISTED = 12;

/** @throws Misfit unless every class has a label, each of its own, and no other has one */
export function requireLabels(
  id2label: Readonly<Record<string, string>>,
  classes: number | undefined,
): void {
  const indices = Object.keys(id2label);
  const isWhole = indices.every((index) => Number(index) < indices.length);
  const labels = Object.values(id2label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw new Misfit('each label once in id2label', `${twice} twice`);
  if (isWhole && (classes === undefined || indices.length === classes)) return;
  const more = indices.length > LISTED ? ', …' : '';
  throw new Misfit(
    classes === undefined
      ? 'labels in id2label for 0, 1, 2 and so on'
      : `a label in id2label for each of ${classes} classes, 0 to ${classes - 1}`,
    `${indices.length}: ${indices.slice(0, LISTED).join(', ')}${more}`,
  );
}
