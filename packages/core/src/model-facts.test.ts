import { expect, test } from 'vitest';
import { parseModelFacts } from './model-facts.js';

const version = { version: '1.2.0', manifest: 'ab'.repeat(32), sequence: 3, state: 'stable' };
const facts = { format: 1, models: [{ model: 'digits', versions: [version] }] };

test('facts of a model are read, with fields of a newer publisher', () => {
  const newer = {
    ...facts,
    signedBy: 'release',
    models: [{ model: 'digits', versions: [{ ...version, colour: 'red' }], features: ['age'] }],
  };
  expect(parseModelFacts(newer)).toEqual(newer);
});

test.each([
  ['another format', { ...facts, format: 2 }, 'format'],
  ['a model twice', { ...facts, models: [...facts.models, ...facts.models] }, 'models'],
  [
    'a version twice',
    { ...facts, models: [{ model: 'digits', versions: [version, version] }] },
    'models.0.versions',
  ],
  [
    'a state that is none',
    { ...facts, models: [{ model: 'digits', versions: [{ ...version, state: 'new' }] }] },
    'models.0.versions.0.state',
  ],
])('%s is refused with its place', (_what, value, path) => {
  expect(() => parseModelFacts(value)).toThrow(
    expect.objectContaining({
      code: 'metadata-malformed',
      details: expect.objectContaining({ path }),
    }),
  );
});
