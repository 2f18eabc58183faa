import { expect, test } from 'vitest';
import { parseTargets } from '../files/targets.js';
import type { Answers } from './answers.js';
import { shareAnswers } from './share-answers.js';

const TARGETS = parseTargets({});
const context = (minDevices: number) => ({ minDevices, targets: TARGETS });
const QUERY = { model: 'digits', fromMs: 0, toMs: 300_000, stepMs: 300_000 };

function counted() {
  let asked = 0;
  let nowMs = 0;
  let fails = false;
  const ask = async () => {
    asked += 1;
    if (fails) throw new Error('no');
    return asked;
  };
  const answers: Answers = {
    models: async () => [],
    fleet: ask as unknown as Answers['fleet'],
    metrics: async () => String(await ask()),
  };
  return {
    shared: shareAnswers(answers, { now: () => nowMs }),
    asked: () => asked,
    pass: (ms: number) => {
      nowMs += ms;
    },
    fail: (value: boolean) => {
      fails = value;
    },
  };
}

test('the same question within two seconds is asked once, also while it is being answered', async () => {
  const { shared, asked, pass } = counted();
  await Promise.all([
    shared.fleet('latency', QUERY, context(50)),
    shared.fleet('latency', QUERY, context(50)),
  ]);
  pass(1999);
  await shared.fleet('latency', QUERY, context(50));
  expect(asked()).toBe(1);
  pass(1);
  await shared.fleet('latency', QUERY, context(50));
  expect(asked()).toBe(2);
});

test('another floor or range is another question', async () => {
  const { shared, asked } = counted();
  await shared.fleet('latency', QUERY, context(50));
  await shared.fleet('latency', QUERY, context(1));
  await shared.fleet('latency', { ...QUERY, model: 'pages' }, context(50));
  await shared.metrics(TARGETS, 0);
  expect(asked()).toBe(4);
});

test('an answer that failed is not shared', async () => {
  const { shared, asked, fail } = counted();
  fail(true);
  await expect(shared.metrics(TARGETS, 0)).rejects.toThrow('no');
  fail(false);
  await shared.metrics(TARGETS, 0);
  expect(asked()).toBe(2);
});
