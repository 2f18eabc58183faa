import { createDeferred } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import { tuneAgain } from './tune-again.js';
import type { TuningOptions } from './tune-backends.js';

test.each([
  { timesMs: [10, 11, 500], isTuned: false, what: 'one slow run in three' },
  { timesMs: [19, 19, 19], isTuned: false, what: 'less than twice as long' },
  { timesMs: [21, 5, 22], isTuned: true, what: 'mostly more than twice as long' },
])(
  'what took 10 ms and takes $timesMs is measured again only if that is lasting: $what',
  async ({ timesMs, isTuned }) => {
    const { options, asked } = serve(timesMs);
    await tuneAgain(options, 10);
    expect(asked).toEqual(isTuned ? ['time', 'time', 'time', 'weigh'] : ['time', 'time', 'time']);
  },
);

test('what is at rest meanwhile is not woken for it', async () => {
  const { options, asked, handover } = serve([30, 30, 30]);
  handover.isResting = true;
  await tuneAgain(options, 10);
  expect(asked).toEqual([]);
});

test('what has been replaced meanwhile is left alone', async () => {
  const { options, asked, handover } = serve([30, 30, 30]);
  const time = handover.current.serving.connection.time;
  handover.current.serving.connection.time = () => {
    handover.current = { ...handover.current, serving: { ...handover.current.serving } };
    return time();
  };
  await tuneAgain(options, 10);
  expect(asked).toEqual(['time']);
});

test('a worker that fails while it is timed ends it', async () => {
  const { options } = serve([]);
  await expect(tuneAgain(options, 10)).rejects.toThrow('gone');
});

test('a worker that hangs while nobody calls it is ended, and does not keep tuning waiting', async () => {
  const { options, handover } = serve([]);
  const { connection } = handover.current.serving;
  const hung = createDeferred<number>();
  connection.time = () => hung.promise;
  connection.kill = hung.reject;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const ended = expect(tuneAgain(options, 10)).rejects.toMatchObject({ code: 'terminated' });
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await ended;
});

/** A version that nothing else could serve: tuning weighs what is to be fetched, and has nothing to do. */
function serve(timesMs: readonly number[]) {
  const left = [...timesMs];
  const asked: string[] = [];
  const connection = {
    async time() {
      asked.push('time');
      const timeMs = left.shift();
      if (timeMs === undefined) throw new Error('gone');
      return timeMs;
    },
    kill(_reason: unknown) {},
    async missingBytes() {
      asked.push('weigh');
      return {};
    },
  };
  const version = { release: { sequence: 1 }, spec: { variants: [] } };
  const handover = { current: { serving: { connection, version } }, isResting: false };
  const record = { measured: [], quarantined: [], adapter: undefined };
  const options = {
    ...{ handover, trial: {}, signal: new AbortController().signal, isBusy: () => false },
    plan: {
      contenders: [],
      policy: { watchdogMs: 1_000 },
      tune: { maxBytes: 1, maxMs: 1, when: 'idle' },
    },
    choice: { startAnewFor() {}, change() {}, record },
  } as unknown as TuningOptions;
  return { options, asked, handover };
}
