import { Tokenizer as RustTokenizer } from '@anush008/tokenizers';
import { describe, expect, test } from 'vitest';
import { TEXTS, TOKENIZERS, UNIGRAM } from '../../fixtures/tokenizers.js';
import { openTokenizer } from './open-tokenizer.js';

describe.each(Object.entries(TOKENIZERS))('%s gives the ids of the Rust library', (_, file) => {
  const json = JSON.stringify(file);
  const [ours, theirs] = [openTokenizer(json), RustTokenizer.fromString(json)];
  test.each(TEXTS)('for %s', async (_, text) => {
    const { ids, types } = ours.encode(ours.pieces(text));
    const expected = await theirs.encode(text);
    expect(ids).toEqual(expected.getIds());
    expect(types).toEqual(expected.getTypeIds());
  });
});

test('a word of more pieces than a function takes as arguments', () => {
  const { pieces } = openTokenizer(JSON.stringify(UNIGRAM));
  expect(pieces('x'.repeat(140_000))).toHaveLength(140_001);
});
