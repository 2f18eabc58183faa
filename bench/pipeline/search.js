// The search of `nearside/search`, beside a plain loop of dot products over the same vectors in the same page.
import { createIndex } from 'nearside/search';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { watchSmoothness } from '../smoothness.js';

const ITEMS = sized(100_000, 20_000);
const DIMENSIONS = 512;
const TOP = 10;
const PAIRS = sized(15);
const WARM_UPS = sized(3);
const STRETCHES = sized(3);
const WORDS = 20;
/** So few that each is in a tenth of the texts: searching by words takes long. */
const DIFFERENT_WORDS = 200;

/** @returns pairs of times, ms, and of three stretches of searching, by words too, the longest task over 50 ms, 0 for none */
export async function measureSearch() {
  const vectors = randomVectors();
  const vectorOf = (i) => vectors.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS);
  const index = createIndex();
  const items = Array.from({ length: ITEMS }, (_, i) => ({
    id: String(i),
    text: textOf(i),
    vector: vectorOf(i),
  }));
  await index.add(items);
  const query = { vector: vectorOf(12_345), text: textOf(12_345) };
  const { vector } = query;
  const search = () => index.search({ vector }, { top: TOP });
  const loop = async () => multiplyAll(vectors, vector);
  requireSame(await search(), await loop());
  const pairs = await compare([search, loop], { pairs: PAIRS, warmUps: WARM_UPS });
  const searchOn = async () => {
    for (let i = 0; i < PAIRS; i += 1) {
      await search();
      await index.search(query);
    }
  };
  const longestMs = [];
  for (let i = 0; i < STRETCHES; i += 1)
    longestMs.push((await watchSmoothness(searchOn)).longestMs);
  return { pairs, longestMs };
}

/** All of length 1, so that products are cosines. */
function randomVectors() {
  const vectors = new Float32Array(ITEMS * DIMENSIONS);
  for (let from = 0; from < vectors.length; from += DIMENSIONS) {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5);
    const length = Math.hypot(...vector);
    vectors.set(
      vector.map((number) => number / length),
      from,
    );
  }
  return vectors;
}

function textOf(i) {
  return Array.from(
    { length: WORDS },
    (_, k) => `word${((i + 1) * (k + 1)) % DIFFERENT_WORDS}`,
  ).join(' ');
}

/** What anybody writes first, in one task. */
function multiplyAll(vectors, query) {
  const products = new Float64Array(ITEMS);
  for (let item = 0; item < ITEMS; item += 1) {
    let sum = 0;
    for (let i = 0; i < DIMENSIONS; i += 1) sum += vectors[item * DIMENSIONS + i] * query[i];
    products[item] = sum;
  }
  return products;
}

function requireSame(found, products) {
  const best = [...products.keys()].sort((one, other) => products[other] - products[one]);
  const [expected, got] = [best.slice(0, TOP), found.map(({ id }) => Number(id))].map(String);
  if (got !== expected) throw new Error(`expected items ${expected}, got ${got}`);
}
