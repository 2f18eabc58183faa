import { join } from 'node:path';
import type { LabelScore } from '@nearside/pipeline';
import { expect, test } from 'vitest';
import answers from '../../fixtures/bert-answers.json' with { type: 'json' };
import { fixture } from '../testing/fixtures.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';
import { fillGolden } from './fill-golden.js';
import { openVariant } from './open-variant.js';

async function opened(name: string) {
  const out = join(await temporaryDirectory(), 'draft');
  await draft({ source: fixture(name), out });
  await fillGolden({ directory: out });
  return openVariant(out, 'fp32');
}

test('a text classifier answers what torch answers for the ids of the Rust library', async () => {
  await using model = await opened('bert');
  for (const { text, scores } of answers) {
    const found = (await model.run(text)) as readonly LabelScore[];
    expect(found.map(({ label }) => label)).toHaveLength(2);
    for (const [i, label] of ['calm', 'angry'].entries()) {
      const { score } = found.find((one) => one.label === label) as LabelScore;
      expect(score).toBeCloseTo(scores[i] as number, 5);
    }
  }
});

test('a sentence embedder gives the vectors of torch', async () => {
  await using model = await opened('sentences');
  for (const { text, embedding } of answers) {
    const vector = (await model.run(text)) as Float32Array;
    const off = embedding.map((value, i) => Math.abs(value - (vector[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
  }
});
