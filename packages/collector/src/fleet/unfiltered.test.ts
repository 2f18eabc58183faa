import { expect, test } from 'vitest';
import { answersOver } from '../answers/answers.js';
import { parseTargets } from '../files/targets.js';
import { FACTS, HOUR_MS } from '../testing/fleet-store.js';
import { FRIDAY_MS, seededFleet, THURSDAY_MS } from '../testing/seeded-fleet.js';

const CONTEXT = {
  facts: FACTS,
  minDevices: 1,
  targets: parseTargets({}),
  prices: {
    currency: 'EUR',
    serverPerMillionInferences: 40,
    cdnPerGigabyte: 0.05,
    collectorPerMonth: 10,
  },
};
const DAY = { model: 'digits', fromMs: THURSDAY_MS, toMs: FRIDAY_MS, stepMs: HOUR_MS };

test('figures that come from cohorts are of all backends, whatever backend a query names', async () => {
  const store = await seededFleet();
  const answers = answersOver(store);
  const questions = ['service', 'drift', 'accuracy', 'coverage', 'cost', 'silence'];
  for (const question of questions as Parameters<typeof answers.fleet>[0][]) {
    const whole = await answers.fleet(question, DAY, CONTEXT);
    const asked = await answers.fleet(question, { ...DAY, backend: 'tfjs-webgpu' }, CONTEXT);
    expect(asked, question).toEqual(whole);
  }
  // latency is the question that it filters
  const latency = await answers.fleet('latency', { ...DAY, backend: 'tfjs-webgpu' }, CONTEXT);
  expect(latency.versions).toEqual([]);
  await store.close();
});
