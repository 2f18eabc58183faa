import { describe, sum } from '@nearside/core';
import type { FoundObject } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';

/** Where a box is expected, how much of what both cover has to be common to be of the same object: as in PASCAL VOC. */
const LEAST_OVERLAP = 0.5;

type Box = FoundObject['box'];

interface ExpectedObject {
  readonly label: string;
  readonly box?: Box | undefined;
}

/**
 * Compares the objects in a picture, which is right when each that is expected is found, in its place if that is given, and
 * no other is.
 */
export const comparingObjects: Comparing<readonly FoundObject[], readonly ExpectedObject[]> = {
  ...rightOrWrong(isRight),
  answerOf: (output) => output as readonly FoundObject[],
  parseExpected(value, item) {
    const objects = Array.isArray(value) ? value : [value];
    return objects.map((one) => {
      const object = typeof one === 'string' ? { label: one } : one;
      if (typeof object?.label === 'string' && (object.box === undefined || isBox(object.box))) {
        return object as ExpectedObject;
      }
      const expected = 'a label, or { label, box: { x, y, width, height } }, for each object';
      throw itemInvalid(item, expected, describe(value));
    });
  },
  asExpected: (answer, given) => given ?? answer,
  measure(answered) {
    const { right, of } = countRight(answered, isRight);
    const objects = {
      right: sum(answered.map(({ answer, expected }) => countFound(answer, expected))),
      of: sum(answered.map(({ expected }) => expected.length)),
    };
    return { items: of, right, objects };
  },
};

function isRight(answer: readonly FoundObject[], expected: readonly ExpectedObject[]): boolean {
  return answer.length === expected.length && countFound(answer, expected) === expected.length;
}

/** How many of those expected were found, each by an object of its own. */
function countFound(answer: readonly FoundObject[], expected: readonly ExpectedObject[]): number {
  const left = [...answer];
  return expected.filter(({ label, box }) => {
    const at = left.findIndex(
      (one) => one.label === label && (!box || overlap(one.box, box) >= LEAST_OVERLAP),
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  }).length;
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

function isBox(value: unknown): value is Box {
  const { x, y, width, height } = (value ?? {}) as Partial<Box>;
  return [x, y, width, height].every(Number.isFinite);
}
