import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseTargets } from '../files/targets.js';
import { storeAt } from '../store-at.js';
import { bundle } from '../testing/bundle.js';
import { NOW_MS, sampleContribution } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { answersOver, FLEET_QUESTIONS } from './answers.js';
import { openAnswers } from './answers-in-worker.js';

const folder = temporaryFolder();
let worker: URL;
beforeAll(async () => {
  worker = await bundle(new URL('./answers-worker.ts', import.meta.url));
});

const TARGETS = parseTargets({});
const CONTEXT = { minDevices: 1, targets: TARGETS };
const HOUR_MS = 3_600_000;
const QUERY = {
  model: 'digits',
  fromMs: NOW_MS - (NOW_MS % HOUR_MS) - HOUR_MS,
  toMs: NOW_MS - (NOW_MS % HOUR_MS) + HOUR_MS,
  stepMs: 300_000,
};

async function open() {
  const place = storeAt(join(folder, `${randomUUID()}.sqlite`));
  const store = await place.open();
  const answers = openAnswers(store, { ...place, worker });
  const close = async () => {
    await answers.close();
    await store.close();
  };
  return { store, answers, close };
}

test('a thread of its own answers as the store does, with what was added before', async () => {
  const { store, answers, close } = await open();
  for (const version of ['1.2.0', '1.3.0']) {
    await store.add([sampleContribution({ dimensions: { version } })]);
    const inline = answersOver(store);
    expect(await answers.models()).toEqual(await inline.models());
    for (const question of FLEET_QUESTIONS) {
      const answer = await answers.fleet(question, QUERY, CONTEXT);
      expect(answer, question).toEqual(await inline.fleet(question, QUERY, CONTEXT));
    }
    expect(await answers.metrics(TARGETS, 0)).toEqual(await inline.metrics(TARGETS, 0));
  }
  await close();
});

test('a question that fails says so, and the next one is answered', async () => {
  const { answers, close } = await open();
  await expect(
    answers.fleet('latency', { ...QUERY, fromMs: {} as number }, CONTEXT),
  ).rejects.toMatchObject({
    code: 'store-unavailable',
  });
  expect(await answers.models()).toEqual([]);
  await close();
});

test('the reason why a store failed is said once', async () => {
  const { store, close } = await open();
  const answers = openAnswers(store, { address: 'postgres://127.0.0.1:1/reports', worker });
  await expect(answers.models()).rejects.toThrow(
    /^The store failed: connect ECONNREFUSED 127\.0\.0\.1:1\.$/,
  );
  await answers.close();
  await close();
});

test('what is asked while it closes is refused, and does not wait for ever', async () => {
  const { answers, close } = await open();
  const asked = Promise.allSettled([answers.models(), answers.metrics(TARGETS, 0)]);
  await close();
  expect(await asked).toHaveLength(2);
  await expect(answers.models()).rejects.toMatchObject({ code: 'store-unavailable' });
});

test('questions that would wait behind many others are refused, and the others are answered', async () => {
  const { answers, close } = await open();
  const asked = await Promise.allSettled(Array.from({ length: 100 }, () => answers.models()));
  const refused = asked.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(36);
  expect(refused[0]).toMatchObject({ reason: { code: 'store-unavailable' } });
  expect(await answers.models()).toEqual([]);
  await close();
});
