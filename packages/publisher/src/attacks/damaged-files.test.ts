import { TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { DAMAGES, flip } from '../testing/damages.js';
import type { Files } from '../testing/hostile-server.js';
import { openScene, withFile } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';

const scene = await openScene();
const { first, second } = scene;
/** What an update fetches: what is new, and the one file that changes. */
const updated = [...second.files.keys()].filter(
  (path) => path === TIMESTAMP_PATH || !first.files.has(path),
);
const isVersion = expect.stringMatching(/^\d/);

test('the files of a first version are of every kind', () => {
  const kinds = [...first.files.keys()].map((path) => path.replace(/[0-9a-f]{64}/, '#'));
  expect([...new Set(kinds)].sort()).toEqual([
    'chunks/#',
    'chunks/#.z',
    'metadata/1.root.json',
    'metadata/1.snapshot.json',
    'metadata/1.targets.json',
    'metadata/timestamp.json',
    'targets/#.tiny-1.0.0.oms.json',
  ]);
  expect(updated).toHaveLength(7); // four of metadata, the weights, model.json, layout.json
});

describe.each(Object.entries(DAMAGES))('a file, %s,', (name, damage) => {
  const heals = name === 'first byte flipped'; // how it was damaged does not matter then
  const turn = Object.keys(DAMAGES).indexOf(name); // another file at each damage

  test('fails a first open with a code, whichever file it is, until it is whole again', async () => {
    for (const path of someOf(first.files.keys(), turn)) {
      const outcome = await scene.firstOpen(withDamage(first.files, path, damage), { heals });
      expect(outcome, path).not.toEqual(isVersion);
    }
  });

  test('fails an update with a code, and 1.0.0 stays until it is whole again', async () => {
    for (const path of someOf(updated, turn)) {
      const outcome = await scene.update(withDamage(second.files, path, damage), { heals });
      expect(outcome, path).not.toEqual(isVersion);
    }
  });
});

describe('two files in one another’s place', () => {
  test('fail a first open with a code, whichever two they are', async () => {
    for (const [a, b] of someOf(pairs([...first.files.keys()]))) {
      const outcome = await scene.firstOpen(swapped(first.files, a, b), { heals: false });
      expect(outcome, `${a} and ${b}`).not.toEqual(isVersion);
    }
  });

  test('fail an update with a code, and 1.0.0 stays', async () => {
    for (const [a, b] of someOf(pairs(updated))) {
      const outcome = await scene.update(swapped(second.files, a, b), { heals: false });
      expect(outcome, `${a} and ${b}`).not.toEqual(isVersion);
    }
  });
});

test('bits of gzip that say nothing may change: the content decides', async () => {
  const compressed = [...first.files.keys()].filter((path) => path.endsWith('.z'));
  expect(compressed.length).toBeGreaterThan(2);
  for (const path of compressed) {
    const files = withDamage(first.files, path, (bytes) => flip(bytes, 9)); // the system's name
    expect(await scene.firstOpen(files), path).toBe('1.0.0');
  }
});

function withDamage(files: Files, path: string, damage: (bytes: Uint8Array) => Uint8Array): Files {
  return withFile(files, path, damage(files.get(path) as Uint8Array));
}

function swapped(files: Files, a: string, b: string): Files {
  return new Map([...files, [a, files.get(b) as Uint8Array], [b, files.get(a) as Uint8Array]]);
}

function* pairs<Item>(items: readonly Item[]): Generator<[Item, Item]> {
  for (const [i, a] of items.entries()) for (const b of items.slice(i + 1)) yield [a, b];
}
