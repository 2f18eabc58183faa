import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeDigits } from '../testing/write-digits.js';
import { evaluate } from './evaluate.js';

test('variants are asked through the whole library, and what they lost stands in the model directory', async () => {
  const root = await temporaryDirectory();
  const [directory, folder] = [join(root, 'digits'), join(root, 'items')];
  await cp(DIGITS, directory, { recursive: true });
  await writeDigits(folder, 200);
  const card = await readFile(join(directory, 'MODEL.md'), 'utf8');
  const notes: string[] = [];
  const seen = new Set<string>();
  const evaluation = await evaluate({
    directory,
    folder,
    corruptions: false,
    onNote: (sentence) => notes.push(sentence),
    onProgress: ({ variant, total }) => seen.add(`${variant} of ${total}`),
  });
  expect(notes.join()).toMatch(/^50 items are too few .* 189/);
  expect([...seen]).toEqual(['fp32 of 50', 'int8 of 50']);
  const { reference, referenceMeasures, variants, notEvaluated } = evaluation;
  expect(reference).toBe('fp32');
  expect(referenceMeasures).toMatchObject({ items: 50, right: 50, confusion: { 7: { 7: 5 } } });
  expect(variants.int8).toMatchObject({ verdict: 'undecided', lost: 0, differing: 0 });
  expect(variants.int8?.itemsToDecide).toBeGreaterThanOrEqual(189);
  expect(notEvaluated.uint8).toContain('TensorFlow.js');
  const json = await readFile(join(directory, 'evaluation.json'), 'utf8');
  expect(JSON.parse(json)).toEqual(evaluation);
  const written = await readFile(join(directory, 'MODEL.md'), 'utf8');
  expect(written.startsWith(card)).toBe(true);
  expect(written).toMatch(/\n\| int8 \| 24,716 \| 100.0 % of 50 \| 0.0 % \(-7.\d to 7.\d\) \|/);
  expect(written).toMatch(/`int8` is undecided: some 1?\d\d items would decide/);
});

test('labels that the compared variant mostly gets wrong are refused, before others are asked', async () => {
  const root = await temporaryDirectory();
  const [directory, folder] = [join(root, 'digits'), join(root, 'items')];
  await cp(DIGITS, directory, { recursive: true });
  await writeDigits(folder, 1000, (digit) => (digit + 1) % 10);
  await expect(evaluate({ directory, folder })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining("'fp32' gets at least half right, got 0 of 10. Are these"),
  });
});
