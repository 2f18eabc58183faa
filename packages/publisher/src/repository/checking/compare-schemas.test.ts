import type { ModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { publish } from '../../library/publish.js';
import { revoke } from '../../library/revoke.js';
import { snapshotOf } from '../../testing/snapshot.js';
import { openWorkspace, type Workspace } from '../../testing/workspace.js';
import { compareSchemas, describeSchemaChange } from './compare-schemas.js';

type Schema = Pick<ModelSpec, 'task' | 'inputs' | 'outputs'>;

const x = { name: 'x', datatype: 'FP32', shape: [-1, 4] } as const;
const y = { name: 'y', datatype: 'FP32', shape: [-1, 2] } as const;
const schema = { task: 'tensors', inputs: [{ ...x, shape: [-1, 4] }], outputs: [y] };

function compare(change: object, before: object = schema) {
  return compareSchemas(before as unknown as ModelSpec, { ...before, ...change } as ModelSpec);
}

test('the same schema has no changes, whatever the order of its tensors', () => {
  expect(compare({})).toEqual([]);
  const both = { ...schema, inputs: [x, { ...x, name: 'z' }] };
  expect(compare({ inputs: [{ ...x, name: 'z' }, x] }, both)).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['an input removed', { inputs: [] }, ['input x removed: FP32 [-1,4]']],
  [
    'an input renamed',
    { inputs: [{ ...x, name: 'z' }] },
    ['input x removed: FP32 [-1,4]', 'input z added: FP32 [-1,4]'],
  ],
  ['an input added', { inputs: [x, { ...x, name: 'z' }] }, ['input z added: FP32 [-1,4]']],
  [
    'an input of another type',
    { inputs: [{ ...x, datatype: 'INT8' }] },
    ['input x: FP32 [-1,4] → INT8 [-1,4]'],
  ],
  [
    'an input of another size',
    { inputs: [{ ...x, shape: [-1, 5] }] },
    ['input x: FP32 [-1,4] → FP32 [-1,5]'],
  ],
  [
    'an input of another rank',
    { inputs: [{ ...x, shape: [-1, 4, 1] }] },
    ['input x: FP32 [-1,4] → FP32 [-1,4,1]'],
  ],
  [
    'a free axis of an input fixed',
    { inputs: [{ ...x, shape: [1, 4] }] },
    ['input x: FP32 [-1,4] → FP32 [1,4]'],
  ],
  ['an output removed', { outputs: [] }, ['output y removed: FP32 [-1,2]']],
  [
    'a fixed axis of an output freed',
    { outputs: [{ ...y, shape: [-1, -1] }] },
    ['output y: FP32 [-1,2] → FP32 [-1,-1]'],
  ],
  ['another task', { task: 'image-classification' }, ['task: tensors → image-classification']],
])('breaking: %s', (_, change, described) => {
  const changes = compare(change);
  expect(changes.map(describeSchemaChange)).toEqual(described);
  expect(changes.every(({ breaking }) => breaking)).toBe(true);
});

test('state is between two frames of a model, and nothing to its callers', () => {
  const state = [{ input: 's', output: 'sN' }];
  const s = { ...x, name: 's' };
  const stateful = { ...schema, inputs: [x, s], outputs: [y, { ...s, name: 'sN' }], state };
  expect(compare(stateful)).toEqual([]);
  expect(compare({ ...schema, state: undefined }, stateful)).toEqual([]);
});

test.each<[string, Partial<Record<keyof Schema, unknown>>]>([
  ['an output added', { outputs: [y, { ...y, name: 'z' }] }],
  ['an axis of an input freed', { inputs: [{ ...x, shape: [-1, -1] }] }],
  ['a free axis of an output fixed', { outputs: [{ ...y, shape: [1, 2] }] }],
])('not breaking: %s', (_, change) => {
  const changes = compare(change);
  expect(changes).toHaveLength(1);
  expect(changes[0]?.breaking).toBe(false);
});

const age = { name: 'age', type: 'number', range: [0, 120], default: 50 };
const site = { name: 'site', type: 'category', categories: ['left', 'right'] };
const records = { ...schema, features: [age, site] };

test.each<[string, object[], string]>([
  [
    'a feature added without a default',
    [age, site, { name: 'smoker', type: 'boolean' }],
    'feature smoker added: boolean',
  ],
  ['a feature removed', [age], 'feature site removed: category left|right'],
  [
    'a default taken away',
    [{ ...age, default: undefined }, site],
    'feature age: number 0 to 120 default 50 → number 0 to 120',
  ],
  [
    'a narrower range that refuses',
    [{ ...age, range: [18, 120] }, site],
    'feature age: number 0 to 120 default 50 → number 18 to 120 default 50',
  ],
  [
    'a category taken away',
    [age, { ...site, categories: ['left'] }],
    'feature site: category left|right → category left',
  ],
  [
    'another type',
    [age, { name: 'site', type: 'number' }],
    'feature site: category left|right → number',
  ],
])('breaking: %s', (_, features, described) => {
  const changes = compare({ features }, records);
  expect(changes.map(describeSchemaChange)).toEqual([described]);
  expect(changes[0]?.breaking).toBe(true);
});

test.each<[string, object[]]>([
  ['a feature added with a default', [age, site, { name: 'b', type: 'boolean', default: false }]],
  ['a wider range', [{ ...age, range: [-1, 130] }, site]],
  ['a range that clips', [{ ...age, range: [18, 90], outside: 'clip' }, site]],
  ['a category more', [age, { ...site, categories: ['left', 'right', 'both'] }]],
  ['a default more', [age, { ...site, default: 'left' }]],
])('not breaking: %s', (_, features) => {
  const changes = compare({ features }, records);
  expect(changes).toHaveLength(1);
  expect(changes[0]?.breaking).toBe(false);
});

describe('publish', () => {
  const renamed = { inputName: 'pixels' };

  async function publishAs(workspace: Workspace, model: { version: string; sequence: number }) {
    const { packed } = await workspace.packed({ ...model, ...renamed });
    return publish({ ...workspace, packed });
  }

  test('refuses a breaking schema without a new major version, and writes nothing', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const before = await snapshotOf(workspace.repository);
    const publishing = publishAs(workspace, { version: '1.1.0', sequence: 2 });
    await expect(publishing).rejects.toMatchObject({
      code: 'schema-breaking',
      message: expect.stringContaining('version 2.0.0'),
      details: {
        published: '1.0.0',
        changes: [
          { what: 'input', name: 'x', from: 'FP32 [-1,4]', breaking: true },
          { what: 'input', name: 'pixels', to: 'FP32 [-1,4]', breaking: true },
        ],
      },
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('takes it as a new major version', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const publishing = publishAs(workspace, { version: '2.0.0', sequence: 2 });
    await expect(publishing).resolves.toMatchObject({ changed: true });
  });

  test('compares with the newest version that is not revoked', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await publishAs(workspace, { version: '2.0.0', sequence: 2 });
    await revoke({ ...workspace, model: 'tiny', version: '2.0.0' });
    const publishing = publishAs(workspace, { version: '1.1.0', sequence: 3 });
    await expect(publishing).rejects.toMatchObject({ code: 'schema-breaking' });
  });
});
