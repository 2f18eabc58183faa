import { describe, sum } from '@nearside/core';
import type { TextLine } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';

/** Lines, whose forms of a character and spaces are the same. */
function linesOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

const isSameText = (answer: readonly string[], expected: readonly string[]) =>
  answer.join(' ') === expected.join(' ');

/** Compares the text of a picture, which is right to the last character or wrong. */
export const comparingText: Comparing<readonly string[], readonly string[]> = {
  ...rightOrWrong(isSameText),
  answerOf: (output) => (output as readonly TextLine[]).flatMap(({ text }) => linesOf(text)),
  parseExpected(value, item) {
    const lines = Array.isArray(value) ? value : [value];
    if (lines.every((line) => typeof line === 'string')) return linesOf(lines.join('\n'));
    throw itemInvalid(item, 'the text, or its lines', describe(value));
  },
  asExpected: (answer, given) => given ?? answer,
  measure(answered) {
    const lines = answered.map(({ answer, expected }) => {
      const left = [...answer];
      return expected.filter((line) => {
        const at = left.indexOf(line);
        if (at >= 0) left.splice(at, 1);
        return at >= 0;
      }).length;
    });
    const characters = answered.map(({ answer, expected }) => {
      const [given, wanted] = [answer.join(' '), expected.join(' ')];
      const right = Math.max(0, wanted.length - editDistance(given, wanted));
      return { of: wanted.length, right };
    });
    return {
      items: answered.length,
      right: countRight(answered, isSameText).right,
      lines: { right: sum(lines), of: sum(answered.map(({ expected }) => expected.length)) },
      characters: {
        right: sum(characters.map(({ right }) => right)),
        of: sum(characters.map(({ of }) => of)),
      },
    };
  },
};

/** Characters that have to be put in, taken away or replaced to make one text the other: Levenshtein's distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      const replaced = (row[j] as number) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min((next[j] as number) + 1, (row[j + 1] as number) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] as number;
}
