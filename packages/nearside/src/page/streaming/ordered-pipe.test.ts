import { expect, test } from 'vitest';
import type { Input, RunResult } from '../../shared/api/run.js';
import { OrderedPipe, openSource, type Passing, type PipeWork } from './ordered-pipe.js';

/** A pipe of numbers with room for three, each of which is there at once. */
function openPipe(work: Partial<PipeWork<Numbered>> = {}) {
  const seen = { asked: 0, isLeft: false, left: [] as number[], reasons: [] as unknown[] };
  const inputs = {
    next() {
      seen.asked += 1;
      return { done: false, value: seen.asked as unknown as Input };
    },
    return() {
      seen.isLeft = true;
      return { done: true, value: undefined } as const;
    },
    [Symbol.iterator]() {
      return this;
    },
  };
  const pipe: OrderedPipe<Numbered, number> = new OrderedPipe(openSource<Input>(inputs), {
    signals: [],
    hasRoom: () => pipe.taken.length < 3,
    take(input) {
      const entry = { number: Number(input) };
      pipe.taken.push(entry);
      void pipe.settle(entry, async () => ({}) as RunResult);
    },
    hand: ({ number }) => pipe.give(number),
    end(left, reason) {
      seen.left = left.map(({ number }) => number);
      seen.reasons.push(reason);
    },
    ...work,
  });
  return { pipe, seen };
}

interface Numbered extends Passing {
  readonly number: number;
}

/** Until everything that can happen by itself has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

test('no more is asked of the source than there is room for, and nothing before the first `next`', async () => {
  const { pipe, seen } = openPipe();
  await settled();
  expect(seen.asked).toBe(0);
  expect(await pipe.results.next()).toEqual({ done: false, value: 1 });
  await settled();
  expect(seen.asked).toBe(1 + 3);
});

test('a signal that was aborted before ends it before the source is asked', async () => {
  const { pipe, seen } = openPipe({
    signals: [new AbortController().signal, AbortSignal.abort(5)],
  });
  await expect(pipe.results.next()).rejects.toBe(5);
  expect(seen).toEqual({ asked: 0, isLeft: true, left: [], reasons: [5] });
});

test('what is not handed on is passed over; what handing on throws ends it, once, and says what was left', async () => {
  const { pipe, seen } = openPipe({
    hand({ number }) {
      if (number === 3) throw 'three';
      if (number !== 1) pipe.give(number);
    },
  });
  expect(await pipe.results.next()).toEqual({ done: false, value: 2 });
  await settled();
  await expect(pipe.results.next()).rejects.toBe('three');
  expect(await pipe.results.return()).toEqual({ done: true, value: undefined });
  expect(seen).toMatchObject({ isLeft: true, left: [4, 5], reasons: ['three'] });
});

test('the page has its turn beside a source that is always ready, whatever becomes of its inputs', async () => {
  let turns = 0;
  const controller = new AbortController();
  const timer = setInterval(() => {
    turns += 1;
    if (turns === 4) controller.abort('enough');
  });
  const { pipe } = openPipe({ signals: [controller.signal], take() {} }); // none is for the pipe
  await expect(pipe.results.next()).rejects.toBe('enough'); // never, without turns
  clearInterval(timer);
});

test('`await using` leaves the source', async () => {
  const { pipe, seen } = openPipe();
  {
    await using results = pipe.results;
    await results.next();
  }
  expect(seen.isLeft).toBe(true);
  expect(await pipe.results.next()).toEqual({ done: true, value: undefined });
});
