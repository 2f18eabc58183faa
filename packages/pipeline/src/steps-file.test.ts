import { readFile } from 'node:fs/promises';
import { parseModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { CAPABILITIES } from './capabilities.js';
import { checkPipeline, compilePipeline, needsStepsFile } from './pipeline.js';
import { STEPS } from './step-table.js';
import { STEPS_FILE } from './steps-file.js';

const specOf = async (name: string) => {
  const file = new URL(`../../../models/${name}/model.json`, import.meta.url);
  return parseModelSpec(JSON.parse(await readFile(file, 'utf8')));
};

test('the code of each step is in one place: the first steps in every worker, all others in steps.js', () => {
  const steps = Object.values(STEPS).flat();
  const inWorkers = steps.filter(({ compile }) => compile).map(({ name }) => name);
  const others = steps.map(({ name }) => name).filter((name) => !inWorkers.includes(name));
  expect(inWorkers).toEqual([
    'decode-image',
    'grayscale',
    'resize',
    'rescale',
    'normalize',
    'to-tensor',
    'softmax',
    'top-k',
  ]);
  expect(Object.keys(STEPS_FILE).sort()).toEqual(others.sort());
  expect(CAPABILITIES).toEqual(expect.arrayContaining(others.map((name) => `step:${name}`)));
});

test.each([
  ['digits', false],
  ['voice', true],
  ['ocr', true],
  ['breast-cancer', true],
])('whether %s needs steps.js: %s', async (name, isNeeded) => {
  expect(needsStepsFile(await specOf(name))).toBe(isNeeded);
});

test('without steps.js a spec that names its steps is checked, and not compiled', async () => {
  const spec = await specOf('voice');
  checkPipeline(spec);
  expect(() => compilePipeline(spec)).toThrow("Expected the code of step 'decode-audio', got none");
  compilePipeline(spec, { stepsFile: STEPS_FILE });
});
