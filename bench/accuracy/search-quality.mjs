import { intervalOf } from '../bootstrap.mjs';

/** How far down a search is looked at, as people look. */
const TOP = 10;
const SEED = 33;
/** The queries that share the fewest words with what they are to find. */
const HARD_SHARE = 0.1;

/**
 * Searches of documents by queries, each of which one document is right for.
 *
 * @typedef {'words' | 'vectors' | 'both'} By
 * @typedef {{ all: Record<By, number[]>, hard: Record<By, number[]> }} Gains nDCG@10 of each query
 */

/** @type {WeakMap<readonly unknown[], Promise<Gains>>} by answers: all metrics look at the same searches */
const searched = new WeakMap();

/** @param {By} by @param {'all' | 'hard'} which */
export function meanGain(by, which) {
  return metric(which, (gains) => mean(gains[by]));
}

/** What vectors add to words at least: the lower end of the paired interval. */
export function leastAdded(which) {
  return metric(which, async ({ both, words }) => {
    const { createRandom } = await import('../slim/draw.js');
    const added = both.map((gain, i) => gain - words[i]);
    return intervalOf(added, mean, createRandom(SEED))[0]; // the same in each run
  });
}

function metric(which, summary) {
  return async (items, vectors) => {
    const gains = searched.get(vectors) ?? searchAll(items, vectors);
    searched.set(vectors, gains);
    const { [which]: chosen } = await gains;
    return { value: await summary(chosen), n: chosen.words.length };
  };
}

async function searchAll(items, vectors) {
  const all = items.map((item, i) => ({ ...item, vector: Float32Array.from(vectors[i]) }));
  const documents = all.filter(({ group }) => group === 'document');
  const { createIndex } = await import('../../packages/nearside/dist/search.js');
  const index = createIndex();
  await index.add(
    documents.map(({ truth, record, vector }) => ({ id: `${truth}`, text: record, vector })),
  );
  const queries = all.filter(({ group }) => group === 'query');
  const gains = { words: [], vectors: [], both: [] };
  for (const { record: text, vector, truth } of queries) {
    gains.words.push(await gainOf(index, { text }, truth));
    gains.vectors.push(await gainOf(index, { vector }, truth));
    gains.both.push(await gainOf(index, { text, vector }, truth));
  }
  const texts = new Map(documents.map(({ truth, record }) => [truth, record]));
  const hard = hardest(queries.map(({ record, truth }) => sharedWords(record, texts.get(truth))));
  const only = (values) => hard.map((i) => values[i]);
  return {
    all: gains,
    hard: Object.fromEntries(Object.entries(gains).map(([by, values]) => [by, only(values)])),
  };
}

/** nDCG@10 where one document is right: 1 / log2(1 + its rank), or 0 (Järvelin and Kekäläinen, 2002). */
async function gainOf(index, query, truth) {
  const found = await index.search(query, { top: TOP });
  const place = found.findIndex(({ id }) => id === `${truth}`);
  return place < 0 ? 0 : 1 / Math.log2(2 + place);
}

/** The share of a query's words that a document has. */
function sharedWords(query, document) {
  const wordsOf = (text) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const [wanted, there] = [wordsOf(query), wordsOf(document)];
  return [...wanted].filter((word) => there.has(word)).length / Math.max(1, wanted.size);
}

function hardest(shares) {
  const order = [...shares.keys()].sort((a, b) => shares[a] - shares[b]);
  return order.slice(0, Math.ceil(HARD_SHARE * shares.length));
}

function mean(values) {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
