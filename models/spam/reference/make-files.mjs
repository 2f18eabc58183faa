import { FILES as OF_SENTENCES } from '../../sentences/reference/make-files.mjs';

/** The pieces are those of `models/sentences`: for `scripts/place-weights.mjs`. */
export const FILES = { 'tokenizer.json': OF_SENTENCES['tokenizer.json'] };
