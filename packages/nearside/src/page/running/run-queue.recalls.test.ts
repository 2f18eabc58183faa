import { expect, test } from 'vitest';
import { openQueue, settled } from '../../testing/open-queue.js';

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
