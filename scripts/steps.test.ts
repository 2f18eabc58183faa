import { readFile } from 'node:fs/promises';
import { STEPS } from '@nearside/pipeline';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

const docs = await readFile(`${root}docs/model-json.md`, 'utf8');
const twins = await readFile(`${root}packages/publisher/python/steps.py`, 'utf8');

test.each(Object.values(STEPS).flat())('docs/model-json.md has the step $name', ({ name }) => {
  expect(docs).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
});

test('each step before the model has a twin in the publisher’s Python', () => {
  const named = [...twins.matchAll(/^ {4}"([a-z-]+)": [a-z_]+,$/gm)].map(([, name]) => name);
  expect(named).toEqual(STEPS.preprocessing.map(({ name }) => name));
});
