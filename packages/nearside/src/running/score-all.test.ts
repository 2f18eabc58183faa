import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Input } from '../input.js';
import type { RunResult, Scored, ScoreProgress } from '../model.js';
import { scoreAll } from './score-all.js';

/** Answers with the number it was given; odd hundreds are bad inputs. */
function numbered() {
  const state = { running: 0, most: 0 };
  const run = async (input: Input): Promise<RunResult> => {
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    await new Promise((resolve) => setTimeout(resolve, Math.random()));
    state.running -= 1;
    if (Number(input) % 100 === 50) throw new NearsideError('decode-failed', 'bad');
    return { output: [{ label: `${input}`, score: 1 }], meta: {} } as unknown as RunResult;
  };
  return { run, state };
}

const numbers = (count: number) =>
  Array.from({ length: count }, (_, i) => i) as unknown as readonly Input[];

async function collect(scores: AsyncIterable<Scored>): Promise<string[]> {
  const all: string[] = [];
  for await (const scored of scores) {
    all.push('error' in scored ? `${scored.index} failed` : `${scored.index}`);
  }
  return all;
}

test('results come in the order of the inputs, a bad input among them, few at a time', async () => {
  const { run, state } = numbered();
  const scored = await collect(scoreAll(run, numbers(120)));
  expect(scored).toEqual(numbers(120).map((n) => (Number(n) === 50 ? '50 failed' : `${n}`)));
  expect(state.most).toBeGreaterThan(8);
  expect(state.most).toBeLessThanOrEqual(48);
});

test('it goes on from an index, and says how far it is', async () => {
  const { run } = numbered();
  const told: ScoreProgress[] = [];
  const onProgress = (progress: ScoreProgress) => void told.push(progress);
  expect(await collect(scoreAll(run, numbers(52), { from: 49, onProgress }))).toEqual([
    '49',
    '50 failed',
    '51',
  ]);
  expect(told.at(-1)).toEqual({ done: 3, failed: 1, total: 3 });
});

test('an endless source is read no further than its reader has come', async () => {
  const { run } = numbered();
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 1;
      yield 1 as unknown as Input;
    }
  }
  for await (const { index } of scoreAll(run, endless())) if (index === 9) break;
  expect(read).toBeLessThan(9 + 48 + 2);
});

test('an abort ends it with the reason', async () => {
  const { run } = numbered();
  const controller = new AbortController();
  const scoring = (async () => {
    for await (const { index } of scoreAll(run, numbers(500), { signal: controller.signal })) {
      if (index === 3) controller.abort(new Error('changed my mind'));
    }
  })();
  await expect(scoring).rejects.toThrow('changed my mind');
});
