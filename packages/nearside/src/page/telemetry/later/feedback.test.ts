import { createMemoryStore } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import { createRunMemory, type PastRun, type RunShelf, tallyTruth } from './feedback.js';
import { asSubject } from './report-subject.js';
import { createTally } from './tally.js';

const DAY_MS = 86_400_000;
const { weight: _, ...dimensions } = SAMPLE_DIMENSIONS;
const BASELINE = { hash: '0123456789abcdef', confidence: 0, class: 1, labels: ['cat', 'dog'] };
const subject = asSubject({ dimensions, baseline: BASELINE });
const observation = { bins: [8, 1], predicted: 'dog', substituted: [] };

/** A store of one model, whose next visit finds what the one before has stored. */
function shelfOf(store = createMemoryStore()) {
  let changes: () => ReadonlyMap<string, unknown> = () => new Map();
  const shelf: RunShelf = {
    keys: (prefix) => store.keys(prefix),
    get: (key) => store.get(key),
    discard: (keys) => void store.commit({ delete: keys }),
    keepAlong(given) {
      changes = given;
    },
  };
  return { shelf, store, save: () => store.commit({ set: changes() }) };
}

function feedbackOf(run: PastRun, truth: Parameters<typeof tallyTruth>[2]['truth'], ageDays = 0) {
  const tally = createTally();
  tallyTruth(tally, run, { truth, atMs: run.atMs + ageDays * DAY_MS });
  const [[days, counts] = [undefined, undefined]] = tally.feedback;
  const { bins = [], confusion = new Map(), values } = counts ?? {};
  return {
    days,
    bins: bins.flatMap(([n, correct], bin) => (n > 0 ? [[bin, n, correct]] : [])),
    confusion: Object.fromEntries(confusion),
    values,
    unmatched: tally.unmatchedFeedback,
  };
}

async function remembered({ isReloaded }: { isReloaded: boolean }): Promise<PastRun> {
  const { shelf, store, save } = shelfOf();
  const memory = createRunMemory(shelf, 'digits');
  memory.remember('0badcafe-7', { subject, observation, atMs: Date.now() });
  if (!isReloaded) return memory.find('0badcafe-7') as PastRun;
  await save();
  expect(JSON.stringify(await Promise.all((await store.keys('f/')).map(store.get)))).not.toContain(
    'predicted',
  );
  const next = createRunMemory(shelfOf(store).shelf, 'digits');
  expect(next.find('0badcafe-7')).toBeUndefined();
  return (await next.recall('0badcafe-7')) as PastRun;
}

test.each([
  ['in the visit of the run', false],
  ['in a later visit', true],
])(
  '%s feedback counts by the bin of confidence, and by the places of labels',
  async (_, isReloaded) => {
    const run = await remembered({ isReloaded });
    expect(feedbackOf(run, { label: 'dog' })).toMatchObject({
      days: 0,
      bins: [[8, 1, 1]],
      confusion: { '1,1': 1 },
    });
    expect(feedbackOf(run, { label: 'cat' }, 3.5)).toMatchObject({
      days: 3,
      bins: [[8, 1, 0]],
      confusion: { '0,1': 1 },
    });
    expect(feedbackOf(run, { label: 'a fox' }, 7)).toMatchObject({
      days: 7,
      bins: [[8, 1, 0]],
      confusion: { '2,1': 1 },
    });
    expect(feedbackOf(run, { correct: true })).toMatchObject({ bins: [[8, 1, 1]], confusion: {} });
  },
);

test('what is there and undefined is not said', async () => {
  const run = await remembered({ isReloaded: false });
  const truth = { label: undefined, correct: true } as unknown as { correct: boolean };
  expect(feedbackOf(run, truth)).toMatchObject({ bins: [[8, 1, 1]], confusion: {} });
});

test('feedback on a run of eight days ago is unmatched, and so is a value for a label', async () => {
  const run = await remembered({ isReloaded: false });
  expect(feedbackOf(run, { label: 'dog' }, 8)).toMatchObject({ days: undefined, unmatched: 1 });
  expect(feedbackOf(run, { value: 3 })).toMatchObject({ days: undefined, unmatched: 1 });
});

test('of a regression the error is counted: predicted less actual', () => {
  const run = { subject, atMs: 0, confidenceBin: -1, classBin: -1, predicted: 7 };
  expect(feedbackOf(run, { value: 10 }).values).toEqual([1, -3, 3, 9]);
});

test('an error too large to be added up is unmatched', () => {
  const run = { subject, atMs: 0, confidenceBin: -1, classBin: -1, predicted: 7 };
  expect(feedbackOf(run, { value: 1e300 })).toMatchObject({ days: undefined, unmatched: 1 });
});

test('a visit remembers its last 1,000 runs, and a device its last 50 visits of seven days', async () => {
  const { shelf, store, save } = shelfOf();
  for (let visit = 0; visit < 60; visit += 1) {
    const start = String(Date.now() - visit * 1000).padStart(15, '0');
    await store.commit({ set: new Map([[`f/digits/${start}-visit${visit}`, {}]]) });
  }
  const old = String(Date.now() - 9 * DAY_MS).padStart(15, '0');
  await store.commit({ set: new Map([[`f/digits/${old}-old`, {}]]) });
  const memory = createRunMemory(shelf, 'digits');
  for (let run = 1; run <= 1001; run += 1) {
    memory.remember(`0badcafe-${run}`, { subject, observation, atMs: Date.now() });
  }
  await save();
  expect(memory.find('0badcafe-1')).toBeUndefined();
  expect(memory.find('0badcafe-1001')).toBeDefined();
  await expect.poll(async () => (await store.keys('f/')).length).toBe(51);
  expect((await store.keys('f/')).some((key) => key.endsWith('-old'))).toBe(false);
  expect(await memory.recall('0badcafe-1000')).toMatchObject({ subject, confidenceBin: 8 });
});

test.each(['', 'x', '0badcafe', '0badcafe-', '../../i/install-1', '0badcafe-8'])(
  'an id that no run had (%j) recalls nothing',
  async (id) => {
    const { shelf, save } = shelfOf();
    const memory = createRunMemory(shelf, 'digits');
    memory.remember('0badcafe-7', { subject, observation, atMs: Date.now() });
    await save();
    expect(memory.find(id) ?? (await memory.recall(id))).toBeUndefined();
  },
);
