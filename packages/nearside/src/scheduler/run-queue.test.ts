import { createDeferred, NearsideError } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Priority } from './priority.js';
import { createRunQueue, type Outcome, type PostedBatch, QUEUE_LIMITS } from './run-queue.js';

/** A worker that does nothing by itself: the test ends, fails or gives back each batch. */
function openQueue({ maxBatch = 1, maxDelayMs = 0 } = {}) {
  const batches: {
    readonly works: readonly string[];
    finish(): void;
    fail(error: Error): void;
    giveBack(isAlone?: boolean): void;
    hasBegun: boolean;
    recalls: number;
    terminations: number;
  }[] = [];
  const post = (works: readonly string[]): PostedBatch<string, string> => {
    const { promise, resolve, reject } = createDeferred<readonly Outcome<string, string>[]>();
    const outcomes = works.map((work) =>
      work.startsWith('bad')
        ? ({ ok: false, error: new Error(work) } as const)
        : ({ ok: true, value: `did ${work}` } as const),
    );
    const batch = {
      works,
      finish: () => resolve(outcomes),
      fail: reject,
      giveBack: (isAlone = false) => resolve(works.map((work) => ({ ok: 'again', work, isAlone }))),
      // What one worker has begun; a test says it of others.
      hasBegun: batches.length === 0,
      recalls: 0,
      terminations: 0,
    };
    batches.push(batch);
    return {
      end: promise,
      get hasBegun() {
        return batch.hasBegun;
      },
      recall() {
        batch.recalls += 1;
      },
      terminate() {
        batch.terminations += 1;
      },
    };
  };
  const discarded: string[] = [];
  const discard = (work: string) => void discarded.push(work);
  const queue = createRunQueue<string, string>({ post, discard, maxBatch, maxDelayMs });
  const add = (work: string, priority: Priority = 'normal', more: object = {}) =>
    queue.add({ work, priority, batchKey: maxBatch > 1 ? 'all' : undefined, ...more });
  const posted = () => batches.map(({ works }) => works.join(' '));
  return { queue, batches, add, posted, discarded };
}

/** Until everything that can happen by itself has happened. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

test('urgent work overtakes, and equal work keeps its order', async () => {
  const { add, batches, posted } = openQueue();
  const running = [add('a'), add('b')];
  await settled();
  const all = [
    add('background', 'background'),
    add('first normal'),
    add('second normal'),
    add('interactive', 'interactive'),
  ];
  for (let i = 0; i < 6; i += 1) {
    await settled();
    batches[i]?.finish();
  }
  await Promise.all([...running, ...all]);
  const [, , ...later] = posted();
  expect(later).toEqual(['interactive', 'first normal', 'second normal', 'background']);
});

test('calls made together run together, as many as the model takes', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 3 });
  const calls = ['a', 'b', 'c', 'd'].map((work) => add(work));
  await settled();
  expect(posted()).toEqual(['a b c', 'd']);
  for (const batch of batches) batch.finish();
  expect(await Promise.all(calls)).toEqual(['did a', 'did b', 'did c', 'did d']);
});

test('a lone request never waits for others', async () => {
  const { add, posted } = openQueue({ maxBatch: 8, maxDelayMs: 60_000 });
  void add('alone');
  await settled();
  expect(posted()).toEqual(['alone']);
});

test('beside a busy worker a batch fills up, and goes when the worker is free', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 8, maxDelayMs: 60_000 });
  void add('first');
  await settled();
  void add('b');
  await settled();
  void add('c');
  await settled();
  expect(posted()).toEqual(['first']);
  batches[0]?.finish();
  await settled();
  expect(posted()).toEqual(['first', 'b c']);
});

test('a full batch does not wait', async () => {
  const { add, posted } = openQueue({ maxBatch: 2, maxDelayMs: 60_000 });
  void add('first');
  await settled();
  void add('b');
  void add('c');
  await settled();
  expect(posted()).toEqual(['first', 'b c']);
});

test('one bad item of a batch fails alone', async () => {
  const { add, batches } = openQueue({ maxBatch: 3 });
  const [good, bad, other] = [add('good'), add('bad'), add('other')];
  await settled();
  batches[0]?.finish();
  await expect(bad).rejects.toThrow('bad');
  expect([await good, await other]).toEqual(['did good', 'did other']);
});

test('a batch that fails as a whole fails each of its calls, and not the next', async () => {
  const { add, batches } = openQueue({ maxBatch: 2 });
  const failing = [add('a'), add('b')];
  await settled();
  batches[0]?.fail(new Error('the worker died'));
  for (const call of failing) await expect(call).rejects.toThrow('the worker died');
  const next = add('next');
  await settled();
  batches[1]?.finish();
  expect(await next).toBe('did next');
});

test('what is posted and not begun is asked back for interactive work, and runs after it', async () => {
  const { add, batches, posted } = openQueue();
  const calls = [add('running'), add('posted')];
  await settled();
  const urgent = add('urgent', 'interactive');
  await settled();
  expect(batches[1]?.recalls).toBe(1);
  batches[1]?.giveBack();
  await settled();
  expect(posted()).toEqual(['running', 'posted', 'urgent']);
  batches[0]?.finish();
  batches[2]?.finish();
  await settled();
  expect(posted().at(-1)).toBe('posted');
  batches[3]?.finish();
  expect(await Promise.all([...calls, urgent])).toEqual([
    'did running',
    'did posted',
    'did urgent',
  ]);
});

test('what comes back to be done alone is not joined with others again', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 4 });
  const calls = [add('a'), add('b')];
  await settled();
  batches[0]?.giveBack(true);
  await settled();
  expect(posted()).toEqual(['a b', 'a', 'b']);
  for (const batch of batches) batch.finish();
  expect(await Promise.all(calls)).toEqual(['did a', 'did b']);
});

test('a call that may hang and leaves before it has begun does not hold up those posted with it', async () => {
  const { add, batches, posted } = openQueue({ maxBatch: 2 });
  const controller = new AbortController();
  const running = add('running', 'normal', { batchKey: undefined });
  await settled();
  const left = add('left', 'normal', { signal: controller.signal, terminate: true });
  const beside = add('beside');
  await settled();
  controller.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(batches[1]).toMatchObject({ recalls: 1, terminations: 0 });
  batches[1]?.giveBack();
  await settled();
  expect(posted()).toEqual(['running', 'left beside', 'beside']);
  for (const batch of batches) batch.finish();
  expect(await Promise.all([running, beside])).toEqual(['did running', 'did beside']);
});

test('posted work is asked back when every caller has left, and is freed instead of done', async () => {
  const { add, batches, posted, discarded } = openQueue();
  const controller = new AbortController();
  void add('running');
  const left = add('left', 'normal', { signal: controller.signal });
  await settled();
  controller.abort(new Error('changed my mind'));
  await expect(left).rejects.toThrow('changed my mind');
  expect(batches[1]?.recalls).toBe(1);
  batches[1]?.giveBack();
  await settled();
  expect(posted()).toEqual(['running', 'left']);
  expect(discarded).toEqual(['left']);
});

test('a caller who leaves with `terminate` ends the worker that has begun, not another', async () => {
  const { add, batches } = openQueue();
  const controller = new AbortController();
  const more = { signal: controller.signal, terminate: true };
  const left = [add('oldest'), add('posted', 'normal', more)];
  await settled();
  controller.abort(new Error('enough'));
  await expect(left[1]).rejects.toThrow('enough');
  expect(batches).toMatchObject([
    { terminations: 0, recalls: 0 },
    { terminations: 0, recalls: 1 },
  ]);
});

test('with `terminate` any batch that has begun is ended, not the oldest alone: a pool runs several', async () => {
  const { add, batches } = openQueue();
  const controller = new AbortController();
  const more = { signal: controller.signal, terminate: true };
  const left = [add('oldest'), add('beside', 'normal', more)];
  await settled();
  Object.assign(batches[1] ?? {}, { hasBegun: true });
  controller.abort(new Error('enough'));
  await expect(left[1]).rejects.toThrow('enough');
  expect(batches).toMatchObject([
    { terminations: 0, recalls: 0 },
    { terminations: 1, recalls: 0 },
  ]);
});

test('work may say how much of its kind runs together, and keeps its order when it is asked back', async () => {
  const { add, batches, posted } = openQueue();
  const frames = { batchKey: 'stream', maxBatch: 2 };
  const calls = [add('running'), add('a', 'normal', frames), add('b', 'normal', frames)];
  await settled();
  calls.push(add('c', 'normal', frames), add('urgent', 'interactive'));
  await settled();
  batches[1]?.giveBack();
  batches[0]?.finish();
  await settled();
  for (let i = 2; i < 5; i += 1) {
    batches[i]?.finish();
    await settled();
  }
  await Promise.all(calls);
  expect(posted()).toEqual(['running', 'a b', 'urgent', 'a b', 'c']);
});

test('frames that were asked back are not passed by those after them, whoever runs in between', async () => {
  const { add, batches, posted } = openQueue();
  const frames = { batchKey: 'stream' };
  const calls = ['f1', 'f2', 'f3'].map((work) => add(work, 'normal', frames));
  await settled();
  calls.push(add('urgent', 'interactive'));
  await settled();
  batches[0]?.finish();
  await settled();
  batches[2]?.finish(); // in the worker it has overtaken what is given back only at its turn
  await settled();
  expect(posted()).toEqual(['f1', 'f2', 'urgent']);
  batches[1]?.giveBack();
  await settled();
  batches[3]?.finish();
  batches[4]?.finish();
  await Promise.all(calls);
  expect(posted()).toEqual(['f1', 'f2', 'urgent', 'f2', 'f3']);
});

test('other work goes on while something was asked back', async () => {
  const { add, batches, posted } = openQueue();
  void add('running');
  void add('frame', 'normal', { batchKey: 'stream' });
  await settled();
  void add('urgent', 'interactive', { batchKey: 'stream' });
  void add('other', 'normal', { batchKey: 'another' });
  await settled();
  batches[0]?.finish();
  await settled();
  batches[2]?.finish();
  await settled();
  expect(posted()).toEqual(['running', 'frame', 'urgent', 'other']);
});

test('work that is bounded by itself may wait behind any number of calls', async () => {
  const { queue, add } = openQueue();
  const calls = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  calls.push(add('frame', 'normal', { isBounded: true }));
  expect(queue.waiting).toBe(QUEUE_LIMITS.waiting + 1);
  queue.close(new Error('closed'));
  for (const call of calls) await expect(call).rejects.toThrow('closed');
});

test('work that is bounded by itself takes no call’s place', async () => {
  const { queue, add } = openQueue();
  const frames = Array.from({ length: 100 }, () => add('frame', 'normal', { isBounded: true }));
  const calls = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  await expect(add('one more')).rejects.toMatchObject({ code: 'queue-full' });
  queue.close(new Error('closed'));
  for (const call of [...frames, ...calls]) await expect(call).rejects.toThrow('closed');
});

/** Frames that one stream has in the queue or the worker, at most. */
const WINDOW = 40;
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('calls' as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('frames' as const), stream: fc.nat(2) }),
    fc.record({ kind: fc.constant('finish' as const) }),
    fc.record({ kind: fc.constant('give back' as const) }),
  ),
  { maxLength: 60 },
);

test('calls are refused for calls alone, frames never, and nothing waits for what came after it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { add, batches } = openQueue({ maxBatch: 4 });
      const entered: string[] = [];
      const ends: Promise<string>[] = [];
      const refusals: Promise<string>[] = [];
      const waiting = new Set<string>();
      /** Posted and not ended, by their place in `batches`. */
      const open: number[] = [];
      let seen = 0;

      function enter(work: string, more: object): void {
        entered.push(work);
        waiting.add(work);
        ends.push(add(work, 'normal', more));
      }

      /** Each batch begins with what has waited for longest. */
      async function look(): Promise<void> {
        for (let i = 0; i < 20; i += 1) await null;
        for (const { works } of batches.slice(seen)) {
          expect(works[0]).toBe(entered.find((work) => waiting.has(work)));
          for (const work of works) waiting.delete(work);
          open.push(seen);
          seen += 1;
        }
      }

      for (const step of steps) {
        if (step.kind === 'calls') {
          for (let i = 0; i < step.count; i += 1) {
            const calls = [...waiting].filter((work) => work.startsWith('call')).length;
            if (calls < QUEUE_LIMITS.waiting) enter(`call ${entered.length}`, {});
            else refusals.push(add('refused').catch(({ code }) => code));
          }
        } else if (step.kind === 'frames') {
          const frames = `stream ${step.stream}`;
          const isOurs = (work: string) => work.startsWith(frames);
          const running = open.flatMap((i) => batches[i]?.works ?? []);
          const held = [...waiting, ...running].filter(isOurs).length;
          for (let i = held; i < WINDOW; i += 1) {
            enter(`${frames} ${entered.length}`, { batchKey: frames, isBounded: true });
          }
        } else if (step.kind === 'finish') {
          batches[open.shift() ?? -1]?.finish();
        } else {
          const batch = batches[open.pop() ?? -1];
          for (const work of batch?.works ?? []) waiting.add(work);
          batch?.giveBack();
        }
        await look();
      }
      for (; open.length > 0; await look()) batches[open.shift() ?? -1]?.finish();
      expect(await Promise.all(ends)).toEqual(entered.map((work) => `did ${work}`));
      expect(await Promise.all(refusals)).toEqual(refusals.map(() => 'queue-full'));
    }),
  );
});

test('one call more than the limit is refused at once, and the others are not affected', async () => {
  const { add, batches, queue } = openQueue();
  const running = [add('a'), add('b')];
  await settled();
  const waiting = Array.from({ length: QUEUE_LIMITS.waiting }, (_, i) => add(`${i}`));
  await expect(add('one more')).rejects.toMatchObject({ code: 'queue-full', retryable: true });
  for (let i = 0; i < running.length + waiting.length; i += 1) {
    batches[i]?.finish();
    await settled();
  }
  expect(await Promise.all(waiting)).toHaveLength(QUEUE_LIMITS.waiting);
  expect(queue.waiting).toBe(0);
});

test('an abort lets the caller go at once, and work that waits is never started', async () => {
  const { add, batches, posted, queue } = openQueue();
  void add('a');
  void add('b');
  await settled();
  const controller = new AbortController();
  const aborted = add('waiting', 'normal', { signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await expect(aborted).rejects.toThrow('changed my mind');
  expect(queue.waiting).toBe(0);
  for (const batch of batches) batch.finish();
  await settled();
  expect(posted()).toEqual(['a', 'b']);
});

test('a deadline counts waiting too', async () => {
  const { add } = openQueue();
  void add('a');
  void add('b');
  await settled();
  await expect(add('late', 'normal', { timeoutMs: 1 })).rejects.toMatchObject({
    code: 'deadline',
  });
});

test('closing rejects what waits and what runs', async () => {
  const { add, queue } = openQueue();
  const calls = [add('running'), add('posted'), add('waiting')];
  await settled();
  queue.close(new NearsideError('closed', 'closed'));
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'closed' });
});
