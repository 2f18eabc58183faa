import { readFile } from 'node:fs/promises';
import { sha256, sha256Hex } from '@nearside/artifact';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  createIndex,
  type EmbeddingModel,
  embedAll,
  type IndexItem,
  loadIndex,
  type SearchIndex,
} from '../../search.js';
import { wordsOf } from './words.js';

/** Written by numpy: see `tests/fixtures/make-bm25.py`. */
const judged: {
  texts: string[];
  queries: string[];
  words: string[][];
  scores: { k1: number; b: number; scores: number[][] }[];
} = JSON.parse(
  await readFile(new URL('../../../../../tests/fixtures/bm25.json', import.meta.url), 'utf8'),
);

const vectorOf = (...numbers: number[]) => Float32Array.from(numbers);

async function indexOfTexts(texts: readonly string[], options = {}): Promise<SearchIndex> {
  const index = createIndex(options);
  await index.add(texts.map((text, i) => ({ id: String(i), text })));
  return index;
}

async function idsOf(index: SearchIndex, ...query: Parameters<SearchIndex['search']>) {
  return (await index.search(...query)).map(({ id }) => id);
}

test('words are those that categories of Unicode cut, in any script', () => {
  for (const [i, text] of judged.texts.entries()) {
    expect([...wordsOf(text)].sort(), text).toEqual(judged.words[i]?.sort());
  }
});

test('more than 32 marks on a character are not read: sorting them takes the square of their number', () => {
  const marks = '\u0301\u0327'.repeat(500_000);
  const [word, ...others] = wordsOf(`e${marks} fox`);
  expect(word).toBe(`e${'\u0327'.repeat(16)}${'\u0301'.repeat(16)}`.normalize('NFKC'));
  expect(others).toEqual(['fox']);
});

test.each(judged.scores)(
  'BM25 is that of numpy, with k1 $k1 and b $b',
  async ({ k1, b, scores }) => {
    const index = await indexOfTexts(judged.texts, { k1, b });
    for (const [i, text] of judged.queries.entries()) {
      const found = await index.search({ text }, { top: 100 });
      const expected = scores[i] as number[];
      expect(found).toHaveLength(expected.filter((score) => score > 0).length);
      for (const { id, score, words } of found) {
        expect(score).toBeCloseTo(expected[Number(id)] as number, 12);
        expect(words).toBe(score);
      }
    }
  },
);

/** Small whole numbers have exact sums in any order, and many vectors in the same direction. */
const vectors = fc.integer({ min: 1, max: 9 }).chain((dimensions) =>
  fc.array(
    fc
      .array(fc.integer({ min: -2, max: 2 }), { minLength: dimensions, maxLength: dimensions })
      .map((numbers) => Float32Array.from(numbers)),
    { minLength: 2, maxLength: 60 },
  ),
);

function cosine(one: Float32Array, other: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, number, i) => sum + number * (b[i] as number), 0);
  const [inverse, otherInverse] = [one, other].map((v) =>
    dot(v, v) ? 1 / Math.sqrt(dot(v, v)) : 0,
  );
  return dot(one, other) * (inverse as number) * (otherInverse as number);
}

test('the best by meaning are those that a naive sort has first, and of equal ones the first added', async () => {
  await fc.assert(
    fc.asyncProperty(vectors, fc.integer({ min: 1, max: 12 }), async ([query, ...all], top) => {
      const index = createIndex();
      await index.add(all.map((vector, i) => ({ id: String(i), vector })));
      const sorted = all
        .map((vector, i) => ({ id: String(i), score: cosine(vector, query as Float32Array) }))
        .sort((one, other) => other.score - one.score)
        .slice(0, top);
      const found = await index.search({ vector: query }, { top });
      expect(found.map(({ id, score }) => ({ id, score }))).toEqual(sorted);
    }),
    { numRuns: 60 },
  );
});

test('by both, scores in standard deviations above the mean of all items are added', async () => {
  const index = createIndex();
  await index.add([
    { id: 'a', text: 'red fox', vector: vectorOf(0, 1) },
    { id: 'b', text: 'red dog', vector: vectorOf(1, 0) },
    { id: 'c', text: 'blue sky', vector: vectorOf(1, 1) },
    { id: 'only words', text: 'fox' },
    { id: 'only vector', vector: vectorOf(1, 0.1) },
  ]);
  const query = { text: 'fox', vector: vectorOf(1, 0) };
  const found = await index.search(query);
  const scored = (by: 'words' | 'meaning') => {
    const scores = found.flatMap((item) => item[by] ?? []);
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    const deviation = Math.sqrt(
      scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length,
    );
    return (score: number | undefined) => ((score ?? mean) - mean) / deviation;
  };
  const [byWords, byMeaning] = [scored('words'), scored('meaning')];
  expect(found).toHaveLength(5);
  for (const { score, words, meaning } of found) {
    expect(score).toBeCloseTo(byWords(words) + byMeaning(meaning), 12);
  }
});

/** What happens to an index, and to a list that is its naive double. */
const change = fc.oneof(
  fc.record({
    add: fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        text: fc.option(fc.constantFrom('fox', 'red fox', 'the dog', ''), { nil: undefined }),
        vector: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  fc.record({ remove: fc.array(fc.constantFrom('a', 'b', 'c', 'x'), { maxLength: 3 }) }),
  fc.constant({ reload: true as const }),
);

test.each([3, 10, 13])('%i equal scores are no better and no worse than none', async (count) => {
  const index = createIndex();
  const texts = Array.from({ length: count }, (_, i) => ({ id: `text ${i}`, text: 'red fox' }));
  await index.add([
    ...texts,
    { id: 'near', vector: vectorOf(1, 0.2) },
    { id: 'far', vector: vectorOf(1, 0.5) },
  ]);
  const found = await index.search({ text: 'red fox', vector: vectorOf(1, 0) }, { top: 20 });
  expect(found.map(({ id }) => id)).toEqual(['near', ...texts.map(({ id }) => id), 'far']);
  expect(found.slice(1, -1).every(({ score }) => score === 0)).toBe(true);
});

test('whatever was added, replaced, removed, saved and loaded, all is found as in a new index of the same items', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      let index = createIndex();
      const items = new Map<string, IndexItem>();
      for (const one of changes) {
        if ('add' in one) {
          const added = one.add.map((item) => ({
            ...item,
            vector: Float32Array.from(item.vector),
          }));
          await index.add(added);
          for (const item of added) {
            items.delete(item.id); // it comes last
            items.set(item.id, item);
          }
        } else if ('remove' in one) {
          const removed = new Set(one.remove.filter((id) => items.delete(id)));
          expect(await index.remove(one.remove)).toBe(removed.size);
        } else {
          index = await loadIndex(await index.save());
        }
      }
      const fresh = createIndex();
      await fresh.add([...items.values()]);
      expect(index.size).toBe(items.size);
      for (const query of [{ text: 'red fox' }, { vector: vectorOf(1, -1, 2) }]) {
        expect(await index.search(query)).toEqual(await fresh.search(query));
      }
      const both = { text: 'fox', vector: vectorOf(0, 1, 0) };
      expect(await index.search(both)).toEqual(await fresh.search(both));
    }),
    { numRuns: 60 },
  );
});

test('an index of several blocks and parts is the same after it was saved and loaded', async () => {
  const index = createIndex({ k1: 0.9, b: 0.4 });
  const items = Array.from({ length: 13_000 }, (_, i) => ({
    id: `item ${i}`,
    text: `word${i} ${Array.from({ length: 11 }, (_, k) => `${k}of${(i * k) % 97}`).join(' ')}`,
    vector:
      i % 3 === 0 ? undefined : Float32Array.from({ length: 64 }, (_, k) => Math.sin(i * 7 + k)),
  }));
  await index.add(items);
  await index.remove(items.filter((_, i) => i % 5 === 0).map(({ id }) => id));
  const saved = await index.save();
  const loaded = await loadIndex(await saved.arrayBuffer());
  expect([loaded.size, loaded.dimensions]).toEqual([10_400, 64]);
  const query = { text: 'word4001 1of24 2of3', vector: items[4_001]?.vector };
  const found = await index.search(query, { top: 50 });
  expect(await loaded.search(query, { top: 50 })).toEqual(found);
  expect(found[0]?.id).toBe('item 4001');
  const [once, twice] = await Promise.all([
    saved.arrayBuffer(),
    (await loaded.save()).arrayBuffer(),
  ]);
  expect(Buffer.compare(Buffer.from(once), Buffer.from(twice))).toBe(0);
});

test('an index is loaded from bytes too, which may be a part of a larger buffer', async () => {
  const index = createIndex();
  await index.add([
    { id: 'a', text: 'fox', vector: vectorOf(1, 2) },
    { id: 'b', text: 'bear', vector: vectorOf(3, 4) },
  ]);
  const bytes = new Uint8Array(await (await index.save()).arrayBuffer());
  const within = Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('de')]).subarray(3, -2);
  expect(within.byteOffset % 4).not.toBe(0);
  for (const saved of [bytes, within]) {
    const loaded = await loadIndex(saved);
    expect(await loaded.search({ text: 'fox' })).toEqual(await index.search({ text: 'fox' }));
    expect(loaded.dimensions).toBe(index.dimensions);
  }
});

test('nothing of what was removed is written', async () => {
  const index = createIndex();
  await index.add([
    { id: 'kept', text: 'kept' },
    { id: 'secret', text: 'password', vector: vectorOf(1234.5, 6) },
    { id: 'with vector', vector: vectorOf(1, 2) },
    { id: 'last', text: 'last' },
  ]);
  await index.remove('secret');
  await index.add({ id: 'later', text: 'later' });
  const bytes = Buffer.from(await (await index.save()).arrayBuffer());
  expect(bytes.includes('password')).toBe(false);
  expect(bytes.includes('secret')).toBe(false);
  expect(bytes.includes(Buffer.from(vectorOf(1234.5).buffer))).toBe(false);
});

const anIndex = await (async () => {
  const index = createIndex();
  await index.add([
    { id: 'a', text: 'fox', vector: vectorOf(1, 2) },
    { id: 'b', vector: vectorOf(3, 4) },
  ]);
  return index.save();
})();

const changed = async (place: number) => {
  const bytes = new Uint8Array(await anIndex.arrayBuffer());
  const at = place < 0 ? bytes.length + place : place;
  bytes[at] = Number(bytes[at]) ^ 1;
  return bytes.buffer;
};

test.each([
  ['another version', () => changed(8), 'version-unsupported', 'version 0'],
  ['a changed header', () => changed(60), 'digest-mismatch', 'the header'],
  ['a changed vector', () => changed(-1), 'digest-mismatch', 'part 3 (vectors)'],
  ['something else', async () => new Blob(['{"an":"object"}']), 'input-invalid', '15 bytes'],
  ['nothing', async () => new ArrayBuffer(0), 'input-invalid', '0 bytes'],
  ['no bytes at all', async () => 'text' as never, 'input-invalid', "'text'"],
  ['more than it', async () => new Blob([anIndex, 'x']), 'size-mismatch', `${anIndex.size + 1}`],
])('%s is no index to load: a code says so', async (_, make, code, words) => {
  await expect(loadIndex(await make())).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  });
});

/** An index whose hashes are right and whose contents are anybody's. */
async function forgedIndex({
  header = {},
  parts,
}: {
  header?: object | string;
  parts: readonly [kind: string, body: unknown][];
}): Promise<Blob> {
  const inBytes = (value: unknown) =>
    ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer as ArrayBuffer)
      : new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  const bodies = parts.map(([, body]) => inBytes(body));
  const facts = await Promise.all(
    parts.map(async ([kind], i) => {
      const bytes = bodies[i] as Uint8Array<ArrayBuffer>;
      return { kind, bytes: bytes.length, sha256: await sha256Hex(bytes) };
    }),
  );
  const whole = { k1: 1.2, b: 0.75, dimensions: 2, parts: facts, ...(header as object) };
  const headerBytes = inBytes(typeof header === 'string' ? header : whole);
  const before = new Uint8Array(48);
  before.set(new TextEncoder().encode('nearsidx'));
  new DataView(before.buffer).setUint32(8, 1, true);
  new DataView(before.buffer).setUint32(12, headerBytes.length, true);
  before.set(await sha256(headerBytes), 16);
  return new Blob([before, headerBytes, ...bodies]);
}

type Forged = Parameters<typeof forgedIndex>[0];

const ITEMS = ['items', [['a', 1, 1]]] as [string, unknown];
const WORDS = ['words', [['fox', 1]]] as [string, unknown];
const POSTINGS = ['postings', Uint32Array.of(0, 1)] as [string, unknown];
const VECTORS = ['vectors', new Float32Array(16).fill(1)] as [string, unknown];

test('what is forged from sound parts is an index', async () => {
  const index = await loadIndex(await forgedIndex({ parts: [ITEMS, WORDS, POSTINGS, VECTORS] }));
  expect(await idsOf(index, { text: 'fox', vector: vectorOf(1, 1) })).toEqual(['a']);
});

test.each<[string, Forged]>([
  ['a header that is no JSON', { header: '{', parts: [] }],
  ['a header that is null', { header: 'null', parts: [] }],
  ['a header without parts', { header: { parts: undefined }, parts: [] }],
  ['parts that are no objects', { header: { parts: [null] }, parts: [] }],
  [
    'a size that is no number',
    { header: { parts: [{ kind: 'items', sha256: '', bytes: '9' }] }, parts: [] },
  ],
  ['a size below 0', { header: { parts: [{ kind: 'items', sha256: '', bytes: -9 }] }, parts: [] }],
  ['a part of another kind', { parts: [['pictures', []]] }],
  ['a constant that is a text', { header: { k1: '1' }, parts: [] }],
  ['a constant out of range', { header: { b: 2 }, parts: [] }],
  ['too many dimensions', { header: { dimensions: 1e9 }, parts: [ITEMS, VECTORS] }],
  ['half a dimension', { header: { dimensions: 1.5 }, parts: [] }],
  ['items that are no JSON', { parts: [['items', '[']] }],
  ['items that are no list', { parts: [['items', {}]] }],
  ['an item that is none', { parts: [['items', [null]]] }],
  ['an id that is no text', { parts: [['items', [[{}, 1, 1]]]] }],
  ['an id that is there twice', { parts: [ITEMS, ITEMS] }],
  ['a length of a text', { parts: [['items', [['a', 'x', 1]]]] }],
  ['words that are no list', { parts: [ITEMS, ['words', null], POSTINGS] }],
  ['a word that is no text', { parts: [ITEMS, ['words', [[1, 1]]], POSTINGS] }],
  ['a number of postings below 0', { parts: [ITEMS, ['words', [['fox', -1]]], POSTINGS] }],
  ['fewer postings than words say', { parts: [ITEMS, ['words', [['fox', 9]]], POSTINGS] }],
  ['postings without words', { parts: [ITEMS, POSTINGS] }],
  ['half a posting', { parts: [ITEMS, WORDS, ['postings', 'abc']] }],
  ['postings of no item', { parts: [ITEMS, WORDS, ['postings', Uint32Array.of(7, 1)]] }],
  [
    'a word that is in a text 0 times',
    { parts: [ITEMS, WORDS, ['postings', Uint32Array.of(0, 0)]] },
  ],
  ['half a number', { parts: [ITEMS, ['vectors', 'abc']] }],
  ['fewer numbers than vectors', { parts: [ITEMS, ['vectors', new Float32Array(2)]] }],
  ['more vectors than items', { parts: [ITEMS, VECTORS, VECTORS] }],
  ['vectors of unknown size', { header: { dimensions: undefined }, parts: [ITEMS, VECTORS] }],
  ['a number that is none', { parts: [ITEMS, ['vectors', new Float32Array(16).fill(NaN)]] }],
])('%s, with right hashes, is no index: a code says so', async (_, forged) => {
  await expect(loadIndex(await forgedIndex(forged))).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringMatching(/^loadIndex: .* Make it anew from its items\.$/),
  });
});

test('an index that is cut short anywhere is size-mismatch, or no index', async () => {
  for (let size = 0; size < anIndex.size; size += 3) {
    const code = size < 8 ? 'input-invalid' : 'size-mismatch';
    await expect(loadIndex(anIndex.slice(0, size))).rejects.toMatchObject({ code });
  }
});

test.each([
  [
    { id: 'b', vector: vectorOf(1, 2, 3) },
    'input-invalid',
    /vector of item 'b' to have 2 numbers, got 3/,
  ],
  [{ id: 'b', vector: vectorOf(1, NaN) }, 'input-invalid', /item 'b' .* finite .* NaN at 1/],
  [{ id: 'b', vector: vectorOf(-Infinity, 1) }, 'input-invalid', /item 'b' .* -Infinity at 0/],
  [{ id: 'b', vector: [1, 2] }, 'input-invalid', /item 'b' to be a Float32Array/],
  [{ id: 'b', vector: vectorOf() }, 'input-invalid', /item 'b' .* got 0/],
  [{ id: 'b' }, 'input-invalid', /item 'b' to have a text or a vector/],
  [{ id: 'b', text: 7 }, 'input-invalid', /text of item 'b' to be a string, got 7/],
  [{ id: 'b', text: 'x'.repeat(10_000_000) }, 'input-too-large', /item 'b' .* 1000000 .* 10000000/],
  [{ id: 3, text: 'x' }, 'input-invalid', /id of item 1 to be a string, got 3/],
  [undefined, 'input-invalid', /item 1 to be an object/],
])(
  'of items of which one is wrong none is added, and the error names it (%#)',
  async (wrong, code, message) => {
    const index = createIndex();
    await index.add({ id: 'a', text: 'fox', vector: vectorOf(1, 2) });
    const items = [{ id: 'new', text: 'fox' }, wrong] as IndexItem[];
    await expect(index.add(items)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(index.size).toBe(1);
    await index.add({ id: 'next', text: 'fox' });
    expect(await idsOf(index, { text: 'fox' })).toEqual(['a', 'next']);
  },
);

test.each([
  [{ vector: vectorOf(1) }, {}, 'input-invalid'],
  [{ vector: vectorOf(NaN, 1) }, {}, 'input-invalid'],
  [{}, {}, 'input-invalid'],
  [{ text: 'x'.repeat(1_000_001) }, {}, 'input-too-large'],
  [{ text: 'fox' }, { top: 0 }, undefined],
  [{ text: 'fox' }, { top: 10_001 }, undefined],
])('a query that is wrong says so, and the next is answered (%#)', async (query, options, code) => {
  const index = createIndex();
  await index.add({ id: 'a', text: 'fox', vector: vectorOf(1, 2) });
  await expect(index.search(query, options)).rejects.toMatchObject(
    code ? { code } : { name: 'RangeError' },
  );
  expect(await idsOf(index, { text: 'fox' })).toEqual(['a']);
});

test('without memory for their vectors no item is added, and the next is', async () => {
  const index = createIndex();
  await index.add({ id: 'a', text: 'alpha' });
  const vector = vectorOf(1, 0);
  const ofLanguage = Float32Array;
  vi.stubGlobal(
    'Float32Array',
    class {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    },
  );
  try {
    await expect(
      index.add([
        { id: 'b', text: 'beta' },
        { id: 'c', vector },
      ]),
    ).rejects.toMatchObject({ code: 'out-of-memory', details: { items: 2 } });
  } finally {
    vi.stubGlobal('Float32Array', ofLanguage);
  }
  expect([index.size, index.dimensions]).toEqual([1, undefined]);
  await index.add({ id: 'd', text: 'gamma', vector: vectorOf(1, 0, 0) });
  expect(await idsOf(index, { text: 'beta gamma' })).toEqual(['d']);
  expect(await idsOf(index, { vector: vectorOf(1, 0, 0) })).toEqual(['d']);
  const again = await loadIndex(await index.save());
  expect(await idsOf(again, { text: 'alpha' })).toEqual(['a']);
});

test('what has no vector, or none of the words, is not found; an empty index finds nothing', async () => {
  const index = createIndex();
  const both = { text: 'fox', vector: vectorOf(1, 0) };
  expect(await index.search(both)).toEqual([]);
  await index.add([
    { id: 'words', text: 'fox' },
    { id: 'zeros', vector: vectorOf(0, 0) },
  ]);
  expect(await idsOf(index, { text: 'fox' })).toEqual(['words']);
  expect(await idsOf(index, { text: 'dog \ud800' })).toEqual([]);
  expect(await index.search({ vector: vectorOf(1, 0) })).toMatchObject([{ id: 'zeros', score: 0 }]);
});

test('calls take turns in their order, and one that is aborted leaves the line', async () => {
  const index = createIndex();
  const adding = index.add({ id: 'a', text: 'word '.repeat(150_000) });
  const stop = new AbortController();
  const aborted = index.search({ text: 'word' }, { signal: stop.signal });
  const removing = index.remove('a');
  const last = index.search({ text: 'word' });
  stop.abort('enough');
  await expect(aborted).rejects.toBe('enough');
  expect(index.size).toBe(0); // it is still being added
  await expect(index.search({ text: 'word' }, { signal: AbortSignal.abort('no') })).rejects.toBe(
    'no',
  );
  await adding;
  expect(await removing).toBe(1);
  expect(await last).toEqual([]);
});

test.each([undefined, 'text', { length: 1 }])(
  'embedAll refuses %j, which is no array of texts',
  async (texts) => {
    const never = {} as EmbeddingModel;
    await expect(embedAll(never, texts as never)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('expected an array of texts'),
    });
  },
);

test.each([
  [undefined, 'undefined'],
  [Promise.resolve({}), 'Promise'],
  [{ run() {} }, '{ run }'],
])('embedAll refuses %j, which is no model', async (model, got) => {
  await expect(embedAll(model as never, ['text'])).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining(`expected a model that \`open\` gave, got ${got}`),
  });
});
