import { describe, kindOf, NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { invalidInput } from '../input-errors.js';
import { defineStep } from '../step.js';

/** A string, or a file of UTF-8. */
export type TextInput = string | Blob;

/** UTF-16 code units, as `length` of a string counts them: a megabyte of English. */
const MAX_CHARACTERS = 2 ** 20;
/** Bytes of UTF-8 that a code unit of UTF-16 becomes at most. */
const MOST_BYTES = 3;
/** Normalizers sort them in the square of their number. */
const MOST_MARKS = 1000;
const MORE_MARKS = new RegExp(`(?:^|\\P{M})\\p{M}{${MOST_MARKS + 1}}`, 'u');

/**
 * @throws NearsideError `input-too-large`, also for text that is so in NFKC; `decode-failed` for a file that is no UTF-8;
 *   `input-invalid` for what is no text, has nothing but white space in it, half of a surrogate pair, or more than 1,000
 *   marks on a character
 */
export async function decodeText(
  input: TextInput,
  { maxCharacters }: { readonly maxCharacters: number },
): Promise<string> {
  const isFile = ['Blob', 'File'].includes(kindOf(input));
  if (!isFile && typeof input !== 'string') {
    throw invalidInput('Text', 'a string, or a Blob of UTF-8', describe(input));
  }
  const most = isFile ? maxCharacters * MOST_BYTES : maxCharacters;
  requireAtMost(most, isFile ? (input as Blob).size : (input as string).length);
  const text = typeof input === 'string' ? input : await readFile(input);
  requireAtMost(maxCharacters, text.length);
  const half = text.search(/\p{Surrogate}/u);
  if (half !== -1) throw invalidInput('Text', 'whole characters', `half of one at ${half}`);
  const marked = text.search(MORE_MARKS);
  if (marked !== -1) {
    const expected = `at most ${MOST_MARKS} marks on a character`;
    throw invalidInput('Text', expected, `more at ${marked}`);
  }
  // Vocabularies write characters out, such as U+FDFA in 18: what follows takes as long as for those.
  requireAtMost(maxCharacters, text.normalize('NFKC').length, ' written out (NFKC)');
  if (!/\S/.test(text)) throw invalidInput('Text', 'words', 'none');
  return text;
}

async function readFile(file: Blob): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw new NearsideError('decode-failed', `Expected a file of UTF-8, got other bytes.`, {
      cause,
      details: { type: file.type, sizeBytes: file.size },
    });
  }
}

function requireAtMost(most: number, got: number, how = ''): void {
  if (got <= most) return;
  throw new NearsideError(
    'input-too-large',
    `Expected text of at most ${most} characters, got ${got}${how}. Pass parts of it.`,
    { details: { expected: most, got } },
  );
}

/** {@link decodeText}, as a step. */
export const decodeTextStep = defineStep({
  name: 'decode-text',
  parameters: v.strictObject({
    max_characters: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), MAX_CHARACTERS),
  }),
  takes: 'input',
  gives: 'string',
  form: () => ({}),
  compile:
    ({ max_characters }) =>
    () =>
    (items) =>
      Promise.all(
        items.map(async ({ value, trace }) => ({
          value: await decodeText(value as TextInput, { maxCharacters: max_characters }),
          trace,
        })),
      ),
});
