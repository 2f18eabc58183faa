import { expect, test } from 'vitest';
import { clear } from '../clear.js';
import { embedAll } from './embed-all.js';

interface Behaviour {
  readonly name?: string;
  /** Of each text that is run, in order; the last of all that follow. */
  readonly versions?: readonly string[];
  readonly origin?: string;
  readonly fallback?: true;
}

/** Stands for an open model: which texts it ran, and vectors of their lengths. */
function openModel({ versions = ['1.0.0'], origin = 'store', ...how }: Behaviour = {}) {
  const { name = `model-${Math.random().toString(36).slice(2)}`, fallback } = how;
  const ran: string[] = [];
  const versionOf = (place: number) => versions[Math.min(place, versions.length - 1)] as string;
  return {
    name,
    ran,
    stats: () => ({ model: name, version: versionOf(ran.length), opening: { origin } }),
    async *score(texts: readonly string[], { signal }: { signal?: AbortSignal } = {}) {
      for (const [index, text] of texts.entries()) {
        signal?.throwIfAborted();
        const meta = { version: versionOf(ran.length), fallback };
        ran.push(text);
        if (text === 'bad') yield { index, error: new Error('a bad text') };
        else yield { index, output: Float32Array.of(text.length, ran.length), meta };
      }
    },
  };
}

type Stand = ReturnType<typeof openModel>;

const embed = (model: Stand, texts: readonly string[], options = {}) =>
  embedAll(model as unknown as Parameters<typeof embedAll>[0], texts, options);

const lengths = (vectors: readonly Float32Array[]) => vectors.map(([length]) => length);

test('a text is run once: another page that asks for it is given what was kept, and told so', async () => {
  const first = openModel();
  const { vectors, hits, version } = await embed(first, ['one', 'three', 'one']);
  expect([lengths(vectors), hits, version]).toEqual([[3, 5, 3], 1, '1.0.0']);
  const second = openModel({ name: first.name });
  const again = await embed(second, ['three', 'seven', 'one']);
  expect([lengths(again.vectors), again.hits, again.degraded]).toEqual([[5, 5, 3], 2, undefined]);
  expect([first.ran, second.ran]).toEqual([['one', 'three'], ['seven']]);
});

test('many texts are read and kept in several transactions', async () => {
  const texts = Array.from({ length: 600 }, (_, i) => 'x'.repeat(i));
  const model = openModel();
  await embed(model, texts);
  const again = await embed(openModel({ name: model.name }), [...texts, '\ud800', '\ud801']);
  expect(again.hits).toBe(600);
  expect(lengths(again.vectors)).toEqual([...texts.keys(), 1, 1]);
});

test('another version has vectors of its own, and those of the one before are deleted', async () => {
  const { name } = openModel();
  await embed(openModel({ name }), ['one', 'two']);
  await embed(openModel({ name, versions: ['1.1.0'] }), ['one']);
  const back = openModel({ name });
  expect((await embed(back, ['one'])).hits).toBe(0);
});

test('a version that changes meanwhile leaves no mixture: all are of the new one', async () => {
  const model = openModel({ versions: ['1.0.0', '1.0.0', '2.0.0'] });
  const { version, vectors } = await embed(model, ['one', 'three', 'seven']);
  expect(version).toBe('2.0.0');
  expect(vectors.map(([, place]) => Number(place) > 3)).toEqual([true, true, true]);
});

test('files that nobody signed, `memory` and answers of a fallback keep nothing', async () => {
  for (const how of [{ origin: 'files' }, { fallback: true as const }]) {
    const model = openModel(how);
    await embed(model, ['one']);
    expect((await embed(model, ['one'])).hits).toBe(0);
  }
  const model = openModel();
  await embed(model, ['one'], { store: 'memory' });
  expect((await embed(model, ['one'])).hits).toBe(0);
});

test('a text that fails rejects, and those before it are kept', async () => {
  const model = openModel();
  await expect(embed(model, ['one', 'bad', 'two'])).rejects.toThrow('a bad text');
  expect((await embed(model, ['one'])).hits).toBe(1);
  await expect(embed(model, ['one', 7 as never])).rejects.toMatchObject({
    code: 'input-invalid',
    message: 'embedAll: expected text 1 to be a string, got 7.',
  });
  await expect(embed(model, ['x'], { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  await expect(embed(model, [], { store: 'disk' })).rejects.toThrow(RangeError);
});

test('clear forgets the vectors of one model, or of all', async () => {
  const [one, other] = [openModel(), openModel()];
  for (const model of [one, other]) await embed(model, ['text']);
  await clear({ model: one.name });
  expect((await embed(one, ['text'])).hits).toBe(0);
  expect((await embed(other, ['text'])).hits).toBe(1);
  await clear({ everything: true });
  expect((await embed(other, ['text'])).hits).toBe(0);
});
