import { expect, test } from 'vitest';
import { noSamples, timeOnce } from './latency.ts';
import type { PageWatch } from './page-watch.ts';

test('a sample during which the page was hidden is thrown away, counted, and taken again', async () => {
  const { signal } = new AbortController();
  const page = { interruptions: 0, isHidden: false, untilVisible: async () => {} };
  const samples = noSamples();
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls === 1) page.interruptions += 1;
  };
  await timeOnce({ prepare: () => undefined, work }, samples, { page, signal });
  expect(calls).toBe(2);
  expect(samples.times).toHaveLength(1);
  expect(samples.thrownAway).toBe(1);
});

test('a call that an abort overtakes is no sample', async () => {
  const controller = new AbortController();
  const page: PageWatch = { interruptions: 0, isHidden: false, untilVisible: async () => {} };
  const samples = noSamples();
  const work = async () => controller.abort(new Error('enough'));
  const timed = timeOnce({ prepare: () => undefined, work }, samples, {
    page,
    signal: controller.signal,
  });
  await expect(timed).rejects.toThrow('enough');
  expect(samples.times).toEqual([]);
});
