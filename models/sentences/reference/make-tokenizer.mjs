import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Unknown characters, then control pieces, which no text has. */
const RESERVED = 6;

/**
 * Pieces whose text was lost on the way to `vocab.json`, which has `”5` three times. Their rows in the table of pieces are
 * nearest to those of `,"`, `."` and `?"` (cosines 0.83, 0.84, 0.71).
 */
const RESTORED = { 230: ',”', 238: '.”', 4464: '?”' };

/**
 * Writes `tokenizer.json` of the package's `vocab.json`: 8,000 SentencePiece pieces with their log-probabilities, best
 * first. Text is normalised as SentencePiece's `nmt_nfkc` does it, which is its default.
 *
 * @param {string} folder of `vocab.json`
 */
export async function makeTokenizer(folder) {
  const listed = JSON.parse(await readFile(join(folder, 'vocab.json'), 'utf8'));
  const scores = listed.map(([, score]) => score);
  const vocab = listed.map(([piece], id) => [textOf(piece, id), scoreOf(scores, id)]);
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        replace('[\\u0001-\\u0008\\u000B\\u000E-\\u001F\\u007F\\u008F\\u009F]', ''),
        replace(
          '[\\t\\n\\f\\r\\u1680\\u200B\\u200C\\u200E\\u200F\\u2028\\u2029\\u2581\\uFEFF\\uFFFD]',
          ' ',
        ),
        { type: 'NFKC' },
        replace(' {2,}', ' '),
        replace(' $', ''),
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
  };
  return Buffer.from(`${JSON.stringify(file)}\n`);
}

function replace(regex, content) {
  return { type: 'Replace', pattern: { Regex: regex }, content };
}

/** Control pieces begin with a space here, as no piece of a text does: "<s>" in a text is three characters. */
function textOf(piece, id) {
  if (id > 0 && id < RESERVED) return ` ${piece}`;
  return RESTORED[id] ?? piece;
}

/**
 * Nine pieces, those with a colon, have lost their score: it is nothing, or the number after the colon. Pieces are in the
 * order of their scores, so it was between those of its neighbours, which here are less than 0.02 apart.
 */
function scoreOf(scores, id) {
  if (id < RESERVED || scores[id] < 0) return scores[id];
  return (scores[id - 1] + scores[id + 1]) / 2;
}
