import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseModelAddress } from '@nearside/artifact';
import type { Feature, FeatureRecord } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { clear } from '../../clear.js';
import { openRemembered } from './remembered-features.js';

const FEATURES: Feature[] = [
  { name: 'age', type: 'number', maxAgeMs: 1000 },
  { name: 'site', type: 'category', categories: ['left', 'right'] },
  { name: 'smoker', type: 'boolean', default: false },
];

afterEach(() => vi.useRealTimers());

async function openPlan() {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-remembered-'));
  const address = parseModelAddress('https://models.example/risk');
  return { prefix: 'a'.repeat(16), address, store: { directory } };
}

test('a feature that is left out is as it was remembered, also after the next opening', async () => {
  const plan = await openPlan();
  const { remember, fillIn } = await openRemembered(plan, FEATURES);
  await remember({ age: 41, site: 'left' });
  const expected = { record: { age: 41, site: 'right' }, stale: [] };
  expect(fillIn({ site: 'right' })).toEqual(expected);
  expect((await openRemembered(plan, FEATURES)).fillIn({ site: 'right', age: null })).toEqual(
    expected,
  );
});

test('one that is too old is stale, and so is one whose clock was set back; others have no age', async () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  const { remember, fillIn } = await openRemembered(await openPlan(), FEATURES);
  await remember({ age: 41, site: 'left' });
  vi.setSystemTime(1_001_000);
  expect(fillIn({}).stale).toEqual([]);
  for (const nowMs of [1_001_001, 999_999]) {
    vi.setSystemTime(nowMs);
    expect(fillIn({})).toEqual({ record: { site: 'left' }, stale: ['age'] });
  }
});

test('two tabs that remember different features lose none; null forgets one', async () => {
  const plan = await openPlan();
  const [one, two] = await Promise.all([
    openRemembered(plan, FEATURES),
    openRemembered(plan, FEATURES),
  ]);
  await Promise.all([one.remember({ age: 41 }), two.remember({ site: 'left' })]);
  const both = await openRemembered(plan, FEATURES);
  expect(both.fillIn({}).record).toEqual({ age: 41, site: 'left' });
  await both.remember({ age: null });
  expect((await openRemembered(plan, FEATURES)).fillIn({}).record).toEqual({ site: 'left' });
});

test('what does not fit the features of a newer version is not filled in', async () => {
  const plan = await openPlan();
  const age: Feature = { name: 'age', type: 'number' };
  await (await openRemembered(plan, [age, ...FEATURES.slice(1)])).remember({
    age: 500,
    site: 'left',
  });
  const narrower: Feature[] = [
    { ...age, range: [0, 120] },
    { name: 'site', type: 'category', categories: ['top'] },
    { name: 'constructor', type: 'number' },
  ];
  const { fillIn, remember } = await openRemembered(plan, narrower);
  expect(fillIn({}).record).toEqual({});
  await expect(remember({ age: 500 })).rejects.toMatchObject({ code: 'input-invalid' });
  await remember({ constructor: 3 } as unknown as FeatureRecord);
  expect(fillIn({}).record).toEqual({ constructor: 3 });
});

test('clear deletes what is remembered, of that model and of all', async () => {
  const plan = await openPlan();
  const { store } = plan;
  for (const what of [{ model: 'risk' }, { everything: true }]) {
    await (await openRemembered(plan, FEATURES)).remember({ age: 41 });
    await clear({ ...what, store });
    expect((await openRemembered(plan, FEATURES)).fillIn({}).record).toEqual({});
  }
});

test.each<[string, unknown, string]>([
  ['another name', { weight: 70 }, 'expected features of the model, got another: weight'],
  ['another type', { age: '41' }, "expected 'age' to be a number, got another value"],
  ['an unknown category', { site: 'top' }, "expected 'site' to be a category"],
  ['no record', [41], 'expected a record of features, got Array'],
])('%s is refused, and nothing of it is kept', async (_, record, message) => {
  const { remember, fillIn } = await openRemembered(await openPlan(), FEATURES);
  const given = Array.isArray(record) ? record : { smoker: true, ...(record as object) };
  await expect(remember(given as FeatureRecord)).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining(message),
  });
  expect(fillIn({}).record).toEqual({});
});
