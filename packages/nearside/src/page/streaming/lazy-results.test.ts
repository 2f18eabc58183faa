import { createDeferred } from '@nearside/core';
import { expect, test } from 'vitest';
import { asResults, type Results } from '../../shared/api/streams.js';
import { resultsLater } from './lazy-results.js';
import { createReaders } from './ordered-pipe.js';

const OVER = { done: true, value: undefined };

/** Results without an end, that say whether they were left. */
function endless() {
  const readers = createReaders<number>();
  const seen = { isLeft: false };
  const results = asResults<number>({
    next: () => readers.next(),
    async return() {
      seen.isLeft = true;
      return readers.leave();
    },
  });
  return { results, seen };
}

test('nothing begins before the first `next`, and never what was left before', async () => {
  let begun = 0;
  const results = resultsLater(async () => {
    begun += 1;
    return endless().results;
  });
  expect(await results.return()).toEqual(OVER);
  expect(await results.next()).toEqual(OVER);
  expect(begun).toBe(0);
});

test('`return` settles at once, and lets the calls that wait go', async () => {
  const { results, seen } = endless();
  const later = resultsLater(async () => results);
  const waiting = [later.next(), later.next()];
  await Promise.resolve();
  expect(await later.return()).toEqual(OVER);
  expect(await Promise.all(waiting)).toEqual([OVER, OVER]);
  expect(seen.isLeft).toBe(true);
});

test('what is still beginning is not waited for, and left when it has begun', async () => {
  const { results, seen } = endless();
  const beginning = createDeferred<Results<number>>();
  const later = resultsLater(() => beginning.promise);
  const waiting = later.next();
  expect(await later.return()).toEqual(OVER);
  beginning.resolve(results);
  expect(await waiting).toEqual(OVER);
  expect(seen.isLeft).toBe(true);
});

test('why it cannot begin is told once, and not to who has left', async () => {
  const later = resultsLater<number>(() => Promise.reject(new TypeError('no such option')));
  const asked = [later.next(), later.next()];
  await expect(asked[0]).rejects.toThrow('no such option');
  expect(await asked[1]).toEqual(OVER);
  expect(await later.next()).toEqual(OVER);
  const left = resultsLater<number>(() => Promise.reject(new TypeError('no such option')));
  const waiting = left.next();
  await left.return();
  expect(await waiting).toEqual(OVER);
});
