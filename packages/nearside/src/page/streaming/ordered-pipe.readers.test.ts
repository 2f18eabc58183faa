import { expect, test } from 'vitest';
import { createReaders } from './ordered-pipe.js';

const OVER = { done: true, value: undefined };

test('values go to those who wait, in the order in which they asked', async () => {
  const readers = createReaders<string>();
  const asked = [readers.next(), readers.next()];
  readers.give('first');
  expect(readers.areWaiting).toBe(true);
  readers.give('second');
  expect(readers.areWaiting).toBe(false);
  expect(await Promise.all(asked)).toEqual([
    { done: false, value: 'first' },
    { done: false, value: 'second' },
  ]);
});

test('a failure is told once, to the first who waits or else to the next who asks', async () => {
  const waited = createReaders<string>();
  const asked = [waited.next(), waited.next()];
  waited.end({ reason: 'broken' });
  await expect(asked[0]).rejects.toBe('broken');
  expect(await asked[1]).toEqual(OVER);
  expect(await waited.next()).toEqual(OVER);
  const late = createReaders<string>();
  late.end({ reason: 'broken' });
  late.end({ reason: 'again' });
  await expect(late.next()).rejects.toBe('broken');
  expect(await late.next()).toEqual(OVER);
});

test('who has left hears of no failure, and leaves nobody waiting', async () => {
  const readers = createReaders<string>();
  const asked = readers.next();
  expect(readers.leave()).toEqual(OVER);
  expect(await asked).toEqual(OVER);
  const failed = createReaders<string>();
  failed.end({ reason: 'broken' });
  failed.leave();
  expect(await failed.next()).toEqual(OVER);
});
