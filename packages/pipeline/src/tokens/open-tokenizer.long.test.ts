import { Tokenizer as RustTokenizer } from '@anush008/tokenizers';
import { describe, expect, test } from 'vitest';
import { TEXTS, TOKENIZERS } from '../../fixtures/tokenizers.js';
import { openTokenizer } from './open-tokenizer.js';

const MEGABYTE = 1_000_000;

describe.each(Object.entries(TOKENIZERS))('%s gives the ids of the Rust library', (_, file) => {
  const json = JSON.stringify(file);
  const [ours, theirs] = [openTokenizer(json), RustTokenizer.fromString(json)];
  test.each([
    ['of everything', TEXTS.map(([, text]) => text).join(' ')],
    ['of one word', 'x'],
    ['of unknown characters', '☃'],
  ])('for a megabyte %s', async (_, part) => {
    const text = part.repeat(MEGABYTE / new TextEncoder().encode(part).length);
    const { ids } = ours.encode(ours.pieces(text));
    const expected = (await theirs.encode(text)).getIds();
    expect(ids.length).toBe(expected.length);
    expect(ids.every((id, i) => id === expected[i])).toBe(true);
  });
});
