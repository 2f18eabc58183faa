import { expect, test } from 'vitest';
import { CAPABILITIES, requiredCapabilities } from './capabilities.js';

const nothing = { inputs: [], outputs: [], preprocessing: [], postprocessing: [] };

test('a model of the first steps requires nothing; what came later is required by its name', () => {
  const resize = { step: 'resize', size: { height: 28, width: 28 }, resample: 2 };
  const first = [{ step: 'decode-image' }, resize];
  expect(requiredCapabilities({ ...nothing, preprocessing: first })).toEqual([]);
  const later = {
    ...nothing,
    inputs: [{ name: 'sr', datatype: 'INT64' as const, shape: [], value: 16_000 }],
    preprocessing: [...first, { step: 'mel-spectrogram' }],
    postprocessing: [{ step: 'ctc-greedy' }, { step: 'softmax' }],
  };
  expect(requiredCapabilities(later)).toEqual([
    'input-values',
    'step:ctc-greedy',
    'step:mel-spectrogram',
  ]);
});

test.each([
  [{ step: 'decode-image', background: [255, 255, 255] }, 'step:decode-image:background'],
  [{ step: 'decode-image', reduced: 2 }, 'step:decode-image:reduced'],
  [{ step: 'resize', size: { shortest_edge: 28 }, resample: 2 }, 'step:resize:forms'],
  [
    { step: 'resize', size: { height: 28, width: 28 }, resample: 2, antialias: false },
    'step:resize:forms',
  ],
])('what a first step learnt later is required too: %j', (step, feature) => {
  expect(requiredCapabilities({ ...nothing, preprocessing: [step] })).toEqual([feature]);
  expect(CAPABILITIES).toContain(feature);
});

test('several models in one, and files that steps read, are required too, whatever is in the stages', () => {
  const stage = { ...nothing, preprocessing: [{ step: 'crop-box' }], resources: { keys: 'k.txt' } };
  const stages = [
    { ...nothing, name: 'detect' },
    { ...stage, name: 'recognize', each: 'detect' },
  ];
  expect(requiredCapabilities({ ...nothing, stages })).toEqual([
    'resources',
    'stages',
    'step:crop-box',
  ]);
});

test('margins in model.json are required: a library that does not know them refuses the whole of it', () => {
  const health = { 'failed-runs-bps': 50 };
  expect(requiredCapabilities({ ...nothing, health })).toEqual(['health']);
  expect(CAPABILITIES).toContain('health');
});

test('this library has what the models that it publishes require', () => {
  expect(CAPABILITIES).toContain('input-values');
});
