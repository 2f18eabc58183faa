import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Scored, ScoreOptions, ScoreProgress } from '../../../shared/api/model.js';
import type { Input, RunResult } from '../../../shared/api/run.js';
import { type ScoreWork, scoreWith } from './score.js';

type Run = ScoreWork['run'];

function score(
  run: Run,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options?: ScoreOptions,
  closing = new AbortController().signal,
) {
  return scoreWith({ run, closing }, inputs, options);
}

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

/** Answers when the test says so, or with the reason of an abort. */
function held() {
  const answers: (() => void)[] = [];
  const aborted: unknown[] = [];
  const run: Run = (input, { signal }) =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        aborted.push(signal?.reason);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort);
      answers.push(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve({ output: `${input}`, meta: {} } as unknown as RunResult);
      });
    });
  return { run, answers, aborted };
}

/** Gives so many inputs, and is silent from then on; does not even end when it is left. */
function silentAfter(count: number) {
  const seen = { isLeft: false };
  let given = 0;
  const iterator: AsyncIterator<Input> = {
    next: async () => {
      if (given === count) return pendingForEver();
      given += 1;
      return { done: false, value: (given - 1) as unknown as Input };
    },
    return: () => {
      seen.isLeft = true;
      return pendingForEver();
    },
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, seen };
}

const pendingForEver = () => new Promise<never>(() => {});

/** Until everything that can happen by itself has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setTimeout(resolve));
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
  const scored = await collect(score(run, numbers(120)));
  expect(scored).toEqual(numbers(120).map((n) => (Number(n) === 50 ? '50 failed' : `${n}`)));
  expect(state.most).toBeGreaterThan(8);
  expect(state.most).toBeLessThanOrEqual(48);
});

test('it goes on from an index, and says how far it is', async () => {
  const { run } = numbered();
  const told: ScoreProgress[] = [];
  const onProgress = (progress: ScoreProgress) => void told.push(progress);
  expect(await collect(score(run, numbers(52), { from: 49, onProgress }))).toEqual([
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
  for await (const { index } of score(run, endless())) if (index === 9) break;
  expect(read).toBeLessThan(9 + 48 + 2);
});

test('an abort ends it with the reason', async () => {
  const { run } = numbered();
  const controller = new AbortController();
  const scoring = (async () => {
    for await (const { index } of score(run, numbers(500), { signal: controller.signal })) {
      if (index === 3) controller.abort(new Error('changed my mind'));
    }
  })();
  await expect(scoring).rejects.toThrow('changed my mind');
});

test('an abort ends it with the reason while its source is silent', async () => {
  const controller = new AbortController();
  const { source, seen } = silentAfter(1);
  const scores = score(numbered().run, source, { signal: controller.signal });
  expect((await scores.next()).value).toMatchObject({ index: 0 });
  const second = scores.next();
  controller.abort(new Error('changed my mind'));
  await expect(second).rejects.toThrow('changed my mind');
  expect(seen.isLeft).toBe(true);
  expect((await scores.next()).done).toBe(true);
});

test('a model that closes ends it with `closed` while its source is silent', async () => {
  const closing = new AbortController();
  const scores = score(numbered().run, silentAfter(1).source, undefined, closing.signal);
  await scores.next();
  const second = scores.next();
  closing.abort(new NearsideError('closed', 'closed'));
  await expect(second).rejects.toMatchObject({ code: 'closed' });
});

test('a model that was closed before it began gives no results', async () => {
  const closed = AbortSignal.abort(new NearsideError('closed', 'closed'));
  const scores = score(numbered().run, numbers(3), undefined, closed);
  await expect(scores.next()).rejects.toMatchObject({ code: 'closed' });
});

test('a result comes as soon as it is there, whatever the source does', async () => {
  const { run, answers } = held();
  const scores = score(run, silentAfter(2).source);
  const results: number[] = [];
  const first = scores.next().then(({ value }) => results.push(value?.index as number));
  await settled();
  answers[1]?.();
  await settled();
  expect(results).toEqual([]); // the oldest is not there yet
  answers[0]?.();
  await first;
  expect(results).toEqual([0]);
  expect((await scores.next()).value).toMatchObject({ index: 1 });
});

test('what the source throws comes after the results of the inputs before it', async () => {
  function* broken() {
    yield* numbers(10);
    throw new Error('the source is broken');
  }
  const scored: number[] = [];
  const scoring = (async () => {
    for await (const { index } of score(numbered().run, broken())) scored.push(index);
  })();
  await expect(scoring).rejects.toThrow('the source is broken');
  expect(scored).toEqual(numbers(10));
});

test('leaving the loop aborts what runs and leaves the source, without waiting for it', async () => {
  const { run, answers, aborted } = held();
  const { source, seen } = silentAfter(4);
  const scores = score(run, source);
  const first = scores.next();
  await settled();
  answers[0]?.();
  await first;
  answers[1]?.();
  for await (const { index } of scores) {
    expect(index).toBe(1);
    break;
  }
  expect(aborted).toHaveLength(4 - 2);
  expect(seen.isLeft).toBe(true);
});

test('`return` ends it at once while its source is silent, and so do the calls that wait', async () => {
  const { source, seen } = silentAfter(1);
  const scores = score(numbered().run, source);
  await scores.next();
  const waiting = [scores.next(), scores.next()];
  const over = { done: true, value: undefined };
  expect(await scores.return()).toEqual(over);
  expect(await Promise.all(waiting)).toEqual([over, over]);
  expect(seen.isLeft).toBe(true);
  expect(await scores.next()).toEqual(over);
});

test('results go to the calls that wait for them, in the order in which they asked', async () => {
  const scores = score(numbered().run, numbers(3));
  const read = await Promise.all(Array.from({ length: 5 }, () => scores.next()));
  expect(read.map(({ value }) => value?.index)).toEqual([0, 1, 2, undefined, undefined]);
});

test('what `onProgress` throws ends it after the result that it was told of', async () => {
  const { source, seen } = silentAfter(5);
  const onProgress = ({ done }: ScoreProgress) => {
    if (done === 2) throw new Error('no room to say so');
  };
  const scores = score(numbered().run, source, { onProgress });
  expect((await scores.next()).value?.index).toBe(0);
  expect((await scores.next()).value?.index).toBe(1);
  await expect(scores.next()).rejects.toThrow('no room to say so');
  expect(seen.isLeft).toBe(true);
  expect((await scores.next()).done).toBe(true);
});

test('an abort after the last input was begun ends it with the reason', async () => {
  const controller = new AbortController();
  const scored: number[] = [];
  const scoring = (async () => {
    for await (const { index } of score(numbered().run, numbers(5), {
      signal: controller.signal,
    })) {
      scored.push(index);
      if (index === 3) {
        await settled();
        controller.abort(new Error('changed my mind'));
      }
    }
  })();
  await expect(scoring).rejects.toThrow('changed my mind');
  expect(scored).toEqual(numbers(4));
});
