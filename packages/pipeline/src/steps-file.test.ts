import { readFile } from 'node:fs/promises';
import { parseModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { CAPABILITIES } from './capabilities.js';
import { checkPipeline, compilePipeline, needsStepsFile } from './pipeline.js';
import { FIRST_STEPS, OTHER_STEPS } from './step-table.js';
import { STEPS_FILE } from './steps-file.js';

const specOf = async (name: string) => {
  const file = new URL(`../../../models/${name}/model.json`, import.meta.url);
  return parseModelSpec(JSON.parse(await readFile(file, 'utf8')));
};

test('each step is in one place: the first steps in every worker, all others in steps.js', () => {
  const named = (steps: readonly { readonly name: string }[]) => steps.map(({ name }) => name);
  expect([...named(FIRST_STEPS.preprocessing), ...named(FIRST_STEPS.postprocessing)]).toEqual([
    'decode-image',
    'grayscale',
    'resize',
    'rescale',
    'normalize',
    'to-tensor',
    'softmax',
    'top-k',
  ]);
  expect(named(STEPS_FILE.preprocessing)).toEqual(OTHER_STEPS.preprocessing);
  expect(named(STEPS_FILE.postprocessing)).toEqual(OTHER_STEPS.postprocessing);
  const others = Object.values(OTHER_STEPS).flat();
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

test('without steps.js only the names of its steps are checked, and nothing is compiled', async () => {
  const spec = await specOf('voice');
  const misfit = { ...spec, preprocessing: spec.preprocessing.toReversed() };
  checkPipeline(misfit);
  expect(() => compilePipeline(spec)).toThrow("Expected step 'decode-audio', which is in steps.js");
  expect(() => checkPipeline(misfit, STEPS_FILE)).toThrow('step 1 (frame): expected sound, got');
  compilePipeline(spec, { stepsFile: STEPS_FILE });

  const unknown = { ...spec, preprocessing: [...spec.preprocessing, { step: 'mix-up' }] };
  expect(() => checkPipeline(unknown)).toThrow(/preprocessing, step \d: expected .*got "mix-up"/);
});
