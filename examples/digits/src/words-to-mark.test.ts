import { expect, test } from 'vitest';
import { wordsToMark } from './words-to-mark.js';

test.each([
  ['How much memory does it take', 'A page does TAKE much [memory].', ['TAKE', 'memory']],
  ['which key do I keep', 'Which key? The keys that I keep.', ['key', 'keep']],
  ['where is it', 'It is where it is.', []],
])('of %j only words are marked that are not in every text', (question, text, marked) => {
  const words = wordsToMark(question);
  const found = words ? text.split(words).filter((_, i) => i % 2 === 1) : [];
  expect(found).toEqual(marked);
});
