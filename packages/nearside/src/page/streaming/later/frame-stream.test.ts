import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Input, RunResult } from '../../../shared/api/run.js';
import type { ModelStream, StreamOptions } from '../../../shared/api/streams.js';
import type { WireInput } from '../../../shared/protocol.js';
import { checkStreamOptions, createFrameStream, type Episode } from './frame-stream.js';

/** Inputs are numbers here; nothing else of a frame matters to a stream. */
const input = (value: number) => value as unknown as Input;
const BAD = input(-1);
const FATAL = input(-2);
const UNDOABLE = input(-3);

/** A model that answers when the test says so, or at once; runs of 4 ms, so that two cross together. */
function openStream(
  source: Iterable<Input> | AsyncIterable<Input>,
  { atOnce = true, ...options }: StreamOptions & { atOnce?: boolean } = {},
) {
  const seen = { taken: [] as number[], episodes: 0, ended: 0, isOver: 0, running: 0 };
  const answers: (() => void)[] = [];
  const take = (value: Input): WireInput => {
    seen.taken.push(Number(value));
    if (value === BAD) throw new NearsideError('input-invalid', 'bad');
    return { kind: 'other', value: Number(value), owned: [] };
  };
  const begin = (): Episode => {
    seen.episodes += 1;
    const episode = seen.episodes;
    return {
      async run(frame) {
        const { value: number } = frame.take() as unknown as { value: number };
        seen.running += 1;
        if (!atOnce) await new Promise<void>((resolve) => answers.push(resolve));
        seen.running -= 1;
        if (input(number) === UNDOABLE) throw new NearsideError('task-failed', 'undoable');
        if (input(number) === FATAL) throw new NearsideError('backend-failed', 'fatal');
        const meta = { preMs: 0, runMs: 4, postMs: 0, batch: 1 };
        return { output: `${number} in ${episode}`, meta } as unknown as RunResult;
      },
      end() {
        seen.ended += 1;
      },
    };
  };
  const closing = new AbortController();
  const signals = options.signal ? [closing.signal, options.signal] : [closing.signal];
  const stream = createFrameStream(source, checkStreamOptions(source, options), {
    take,
    begin,
    signals,
    end: () => {
      seen.isOver += 1;
    },
  });
  return { stream, seen, answers, closing };
}

/** A source that gives what it is told to, when it is told. */
function openSource() {
  const given: Input[] = [];
  let arrived = () => {};
  const seen = { pulls: 0, left: false };
  const iterator = {
    async next(): Promise<IteratorResult<Input, undefined>> {
      seen.pulls += 1;
      while (given.length === 0) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      return { done: false, value: given.shift() as Input };
    },
    async return() {
      seen.left = true;
      return { done: true as const, value: undefined };
    },
  };
  const give = async (...values: number[]) => {
    given.push(...values.map(input));
    arrived();
    await settled();
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, give, seen };
}

/** Until everything that can happen by itself has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setTimeout(resolve));
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => input(i));

async function collect(stream: ModelStream): Promise<string[]> {
  const all: string[] = [];
  for await (const { index, output } of stream) all.push(`${index}: ${output}`);
  return all;
}

test('every frame has its result, in order; nothing begins before the first `next`', async () => {
  const { stream, seen } = openStream(numbers(100));
  await settled();
  expect(seen.taken).toEqual([]);
  expect(await collect(stream)).toEqual(numbers(100).map((i) => `${i}: ${i} in 1`));
  expect(stream.stats).toMatchObject({ frames: 100, dropped: 0, skipped: 0 });
  expect(seen).toMatchObject({ ended: 1, isOver: 1, running: 0 });
});

test('results come in order where runs end in another', async () => {
  const { stream, answers } = openStream(numbers(4), { atOnce: false });
  const first = stream.next();
  await settled();
  expect(answers).toHaveLength(2);
  answers[1]?.();
  await settled();
  answers[0]?.();
  expect((await first).value?.index).toBe(0);
  expect((await stream.next()).value?.index).toBe(1);
});

test('waiting, an endless source is read no further than two groups ahead of the reader', async () => {
  let given = 0;
  function* endless() {
    for (;;) {
      given += 1;
      yield input(given);
    }
  }
  const { stream } = openStream(endless());
  for (let read = 1; read < 50; read += 1) {
    await stream.next();
    await settled();
    expect(given - read).toBeLessThanOrEqual(4);
  }
  expect(given).toBe(53);
});

test('`maxWaiting` keeps a waiting stream closer to its reader', async () => {
  const { stream, seen } = openStream(numbers(20), { maxWaiting: 1 });
  for (let read = 1; read < 10; read += 1) {
    await stream.next();
    await settled();
    expect(seen.taken.length - read).toBeLessThanOrEqual(1);
  }
});

test('dropping, only the newest frames wait for a slow reader, and each drop is counted', async () => {
  const { source, give } = openSource();
  const { stream } = openStream(source, { backpressure: 'drop-oldest', maxWaiting: 2 });
  const first = stream.next();
  await give(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  expect((await first).value?.index).toBe(0);
  // 1 and 2 were begun; of the others the two newest wait.
  expect(stream.stats).toMatchObject({ frames: 10, dropped: 5 });
  const read = [];
  for (let i = 0; i < 4; i += 1) read.push((await stream.next()).value?.index);
  expect(read).toEqual([1, 2, 8, 9]);
});

test('dropping, an endless source that never pauses keeps nobody from its results', async () => {
  function* endless() {
    for (let i = 0; ; i += 1) yield input(i);
  }
  const { stream } = openStream(endless(), { backpressure: 'drop-oldest' });
  const indexes: number[] = [];
  for await (const { index } of stream) if (indexes.push(index) === 20) break;
  expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
});

test('after reset, what was taken is dropped, unread results too, and a new episode begins', async () => {
  const { source, give } = openSource();
  const { stream, seen } = openStream(source);
  const first = stream.next();
  await give(0, 1, 2);
  await first;
  stream.reset();
  const next = stream.next();
  await give(7);
  expect((await next).value).toMatchObject({ index: 3, output: '7 in 2' });
  expect(stream.stats).toMatchObject({ frames: 4, dropped: 2 });
  expect(seen).toMatchObject({ episodes: 2, ended: 1 });
});

test('what was running at a reset gives no result', async () => {
  const { source, give } = openSource();
  const { stream, answers } = openStream(source, { atOnce: false });
  const next = stream.next();
  await give(0);
  stream.reset();
  answers[0]?.();
  await give(1);
  answers[1]?.();
  expect((await next).value).toMatchObject({ index: 1, output: '1 in 2' });
});

test('leaving the loop leaves the source and ends the episode, once', async () => {
  const { source, give, seen: from } = openSource();
  const { stream, seen } = openStream(source);
  await give(0, 1, 2, 3);
  for await (const _ of stream) break;
  expect(from.left).toBe(true);
  await stream.return();
  expect(seen).toMatchObject({ ended: 1, isOver: 1 });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  const { frames } = stream.stats;
  await give(4, 5);
  expect(stream.stats.frames).toBe(frames);
});

test('an abort and a close reject what waits, and once what comes later', async () => {
  const controller = new AbortController();
  const { source, seen: from } = openSource();
  const { stream, seen } = openStream(source, { signal: controller.signal });
  const pending = [stream.next(), stream.next()];
  controller.abort('enough');
  expect(await Promise.allSettled(pending)).toEqual([
    { status: 'rejected', reason: 'enough' },
    { status: 'fulfilled', value: { done: true, value: undefined } },
  ]);
  expect(from.left).toBe(true);
  expect(seen).toMatchObject({ ended: 1, isOver: 1 });

  const { stream: other, closing } = openStream(numbers(3));
  await other.next();
  closing.abort('closed');
  await expect(other.next()).rejects.toBe('closed');
  expect(await other.next()).toEqual({ done: true, value: undefined });
});

test('a source that throws is heard after the results before it', async () => {
  async function* failing() {
    yield* numbers(3);
    throw new Error('unplugged');
  }
  const { stream, seen } = openStream(failing());
  const indexes: number[] = [];
  const reading = (async () => {
    for await (const { index } of stream) indexes.push(index);
  })();
  await expect(reading).rejects.toThrow('unplugged');
  expect(indexes).toEqual([0, 1, 2]);
  expect(seen).toMatchObject({ ended: 1, isOver: 1 });
});

test('a bad frame ends the stream with its error, or is skipped and counted', async () => {
  const frames = [...numbers(3), BAD, ...numbers(3)];
  const { stream } = openStream(frames);
  const indexes: number[] = [];
  const reading = (async () => {
    for await (const { index } of stream) indexes.push(index);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'input-invalid' });
  expect(indexes).toEqual([0, 1, 2]);

  const { stream: skipping } = openStream(frames, { onError: 'skip' });
  expect(await collect(skipping)).toHaveLength(6);
  expect(skipping.stats).toMatchObject({ frames: 7, skipped: 1 });
});

test('a frame that the app’s own task fails for is skipped as a bad one is', async () => {
  const frames = [...numbers(3), UNDOABLE, ...numbers(3)];
  const { stream } = openStream(frames);
  await expect(collect(stream)).rejects.toMatchObject({ code: 'task-failed' });
  const { stream: skipping } = openStream(frames, { onError: 'skip' });
  expect(await collect(skipping)).toHaveLength(6);
  expect(skipping.stats).toMatchObject({ frames: 7, skipped: 1 });
});

test('a model that fails ends the stream also where bad frames are skipped', async () => {
  const { stream } = openStream([...numbers(3), FATAL, ...numbers(3)], { onError: 'skip' });
  await expect(collect(stream)).rejects.toMatchObject({ code: 'backend-failed' });
});

test('a frame begins at once where none runs; beside one that runs, as many as cross together', async () => {
  const { source, give } = openSource();
  const { stream, seen, answers } = openStream(source, { atOnce: false });
  void collect(stream);
  await give(0);
  answers.shift()?.();
  await settled(); // two of them cross together from here on
  await give(1);
  expect(seen.running).toBe(1);
  await give(2);
  expect(seen.running).toBe(1);
  await give(3);
  expect(seen.running).toBe(3);
  await give(4);
  for (const answer of answers.splice(0)) answer();
  await settled();
  expect(seen.running).toBe(1); // the last is alone, and nothing else is to come
  await stream.return();
});
