import { expect, test } from 'vitest';
import heldOut from '../../../models/breast-cancer/held-out.json' with { type: 'json' };
import { samplesOf } from './record-samples.js';

test('each sample is named after what the data say of its row, and no two have one name', () => {
  const samples = samplesOf(heldOut);
  expect(samples.map(({ name }) => name)).toEqual([
    ...['Benign, small and even', 'Benign, small and dented'],
    ...['Benign, large and even', 'Benign, large and dented'],
    ...['Malignant, small and even', 'Malignant, small and dented'],
    ...['Malignant, large and even', 'Malignant, large and dented'],
  ]);
  for (const { name, row } of samples) expect(name.toLowerCase()).toMatch(row.label);
  const radius = (name: string) => samples.find((sample) => sample.name === name)?.row.values[0];
  expect(radius('Benign, small and even')).toBeLessThan(radius('Benign, large and even') ?? 0);
});
