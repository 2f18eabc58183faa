import { expect, test } from 'vitest';
import { profileModel } from '../running/later/profile-model.js';
import { readStorage } from '../running/later/storage.js';
import type { Handover } from '../serving/handover.js';
import { openStream, type StreamContext } from '../streaming/later/open-stream.js';
import { scoreWith } from '../streaming/later/score.js';
import { checkOutcome } from './call-options.js';
import { checkRunOptions } from './later/check-calls.js';
import type { OpenPlan } from './plan-opening.js';

test('a typo in an option is named instead of removing the deadline in silence', () => {
  expect(() => checkRunOptions({ timeoutMS: 5 } as never)).toThrow("'timeoutMS'");
});

test('values of the wrong kind are refused', () => {
  const wrong = [
    null,
    5,
    { timeoutMs: '5' },
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { topK: 0 },
    { topK: 1.5 },
    { priority: 'urgent' },
    { signal: {} },
    { transfer: 'yes' },
    { traceparent: 5 },
    new AbortController().signal,
    [],
    { priority: Symbol('urgent') },
  ];
  for (const options of wrong) {
    expect(() => checkRunOptions(options as never)).toThrow(/^run:/);
  }
});

test('an outcome takes a name and a finite number up to 1e11, and nothing that only looks like one', () => {
  for (const value of ['5', null, [5], true, Number.NaN, Number.POSITIVE_INFINITY, -2e11]) {
    expect(() => checkOutcome('clicked', value as never)).toThrow(/^outcome: expected/);
  }
  expect(() => checkOutcome('', 5)).toThrow(TypeError);
  // No database keeps half of a surrogate pair: two such names would be one, or two after a restart.
  for (const half of ['\ud83d', 'bought \ud83d', '\udeb2 bought']) {
    expect(() => checkOutcome(half, 5)).toThrow('whole characters');
  }
  checkOutcome('bought 🚲', 5);
  checkOutcome('clicked', -1e11);
});

test('every documented option passes', () => {
  const { signal } = new AbortController();
  const options = {
    signal,
    priority: 'interactive',
    timeoutMs: 500,
    topK: 3,
    transfer: true,
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  } as const;
  checkRunOptions(options);
});

test('every call that takes options names one that it does not know, and those it does', async () => {
  const never = () => Promise.reject(new Error('never asked'));
  const work = { run: never, closing: new AbortController().signal };
  const unknown = { timeoutMS: 5 } as never;
  const context = { handover: {} as Handover, plan: {} as OpenPlan };
  const calls = {
    score: (async () => scoreWith(work, [], unknown))(),
    profile: profileModel({ ...context, run: never, watchdogMs: 1 }, new Blob(), unknown),
    storage: readStorage(context, unknown),
    stream: openStream([], unknown, {} as StreamContext),
  };
  for (const [name, call] of Object.entries(calls)) {
    const error: Error = await call.then(
      () => new Error('it was taken'),
      (error) => error,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(
      new RegExp(`^${name}: expected one of the options (\\w+, )*\\w+; got 'timeoutMS'$`),
    );
  }
});

test('values of the wrong kind are refused by the name of the call that was given them', async () => {
  const never = () => Promise.reject(new Error('never asked'));
  const work = { run: never, closing: new AbortController().signal };
  const wrong = [{ from: -1 }, { onProgress: 'often' }, { topK: 0 }, { signal: {} }, null, 5, []];
  for (const options of wrong) {
    expect(() => scoreWith(work, [], options as never)).toThrow(/^score:/);
  }
  const context = { handover: {} as Handover, plan: {} as OpenPlan };
  await expect(readStorage(context, { persist: 'yes' as never })).rejects.toThrow(/^storage:/);
  await expect(
    profileModel({ ...context, run: never, watchdogMs: 1 }, new Blob(), { runs: 0 }),
  ).rejects.toThrow(/^profile:/);
});

test('what gives no inputs is refused before anything is asked of it', async () => {
  const never = () => Promise.reject(new Error('never asked'));
  const work = { run: never, closing: new AbortController().signal };
  const wrong: [unknown, string][] = [
    [undefined, 'undefined'],
    ['text', "'text'"],
    [new Blob(), 'Blob'],
    [{ [Symbol.iterator]: 5 }, '{}'],
  ];
  for (const [source, got] of wrong) {
    const message = `expected an iterable of inputs; got ${got}`;
    const stream = openStream(source as never, undefined, {} as StreamContext);
    await expect(stream).rejects.toThrow(`stream: ${message}`);
    expect(() => scoreWith(work, source as never)).toThrow(`score: ${message}`);
  }
  await expect(scoreWith(work, []).next()).resolves.toEqual({ done: true, value: undefined });
});
