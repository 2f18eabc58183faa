import { createDeferred, NearsideError } from '@nearside/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isVersionFault } from '../../../shared/failures.js';
import { Handover } from '../handover.js';
import type { Serving } from '../serving.js';
import { countStream, type RestHiddenOptions, restWhileHidden } from './rest-hidden.js';

const MINUTE_MS = 60_000;

let page: EventTarget & { visibilityState: string };

beforeEach(() => {
  vi.useFakeTimers();
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', page);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function turn(visibilityState: 'visible' | 'hidden'): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event('visibilitychange'));
}

/** A version in a worker whose store answers this. */
function version(stored: object | Promise<object> = { kind: 'indexeddb' }) {
  const connection = {
    end: undefined as { reason: unknown } | undefined,
    workers: [{}],
    storage: async () => stored,
    async close(reason: unknown) {
      connection.end ??= { reason };
    },
  };
  const release = { model: 'digits', sequence: 1 };
  return { connection, version: { release } } as unknown as Serving;
}

/** An open model whose worker can be started anew. */
function open({
  policy = {},
  plan = {},
  stored,
}: {
  policy?: object;
  plan?: object;
  stored?: object | Promise<object>;
} = {}) {
  const [first, anew] = [version(stored), version(stored)];
  const started = createDeferred<Serving>();
  const revive = vi.fn(() => started.promise);
  const handover = new Handover(first, { revive, onHanded() {} });
  const state = { isNeeded: false };
  const hidden = restWhileHidden({
    handover,
    plan: { store: 'auto', policy: { watchdogMs: 1_000, ...policy }, ...plan },
    isNeeded: () => state.isNeeded,
  } as unknown as RestHiddenOptions);
  return { handover, hidden, state, first, anew, revive, start: () => started.resolve(anew) };
}

test('a model that nobody uses gives its worker up when its page was hidden for a minute', async () => {
  const { handover, first } = open();
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(handover.isResting).toBe(false);
  turn('hidden');
  await vi.advanceTimersByTimeAsync(MINUTE_MS - 1);
  expect(handover.isResting).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(handover.isResting).toBe(true);
  expect(first.connection.end).toBeDefined();
});

test('when the page is shown it wakes at once, and a run that comes meanwhile waits for that', async () => {
  const { handover, hidden, revive, start, anew } = open();
  turn('hidden');
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(revive).not.toHaveBeenCalled();
  turn('visible');
  expect(revive).toHaveBeenCalledOnce();
  const run = handover.run(async (serving) => serving);
  start();
  await hidden.woken();
  expect(await run).toBe(anew);
  expect(revive).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test('phones and tablets wait a quarter of a minute', async () => {
  for (const userAgent of ['… iPhone …', '… iPad …', '… Android 16; Mobile …']) {
    vi.stubGlobal('navigator', { userAgent });
    const { handover } = open();
    turn('hidden');
    await vi.advanceTimersByTimeAsync(MINUTE_MS / 4);
    expect(handover.isResting, userAgent).toBe(true);
    turn('visible');
  }
});

test('a run, a call that waits, and a stream keep the model; it rests when they are over', async () => {
  const { handover, hidden, state } = open();
  const running = createDeferred<void>();
  const run = handover.run(() => running.promise).then(hidden.ran);
  turn('hidden');
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(handover.isResting).toBe(false);
  running.resolve();
  await run;
  state.isNeeded = true;
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(handover.isResting).toBe(false);
  state.isNeeded = false;
  const end = countStream(handover);
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(handover.isResting).toBe(false);
  end();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(handover.isResting).toBe(true);
});

test('a run in a hidden page wakes the model, which rests again a minute later', async () => {
  const { handover, hidden, start } = open();
  turn('hidden');
  await vi.advanceTimersByTimeAsync(1.5 * MINUTE_MS);
  start();
  await handover.run(async () => {}).then(hidden.ran);
  await vi.advanceTimersByTimeAsync(MINUTE_MS - 1);
  expect(handover.isResting).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(handover.isResting).toBe(true);
});

test('`restHiddenMs` says how long: at once, or never', async () => {
  const now = open({ policy: { restHiddenMs: 0 } });
  const never = open({ policy: { restHiddenMs: Number.POSITIVE_INFINITY } });
  turn('hidden');
  await vi.advanceTimersByTimeAsync(0);
  expect([now.handover.isResting, never.handover.isResting]).toEqual([true, false]);
  now.hidden.close();
  await vi.advanceTimersByTimeAsync(30 * 24 * 60 * MINUTE_MS);
  expect(never.handover.isResting).toBe(false);
});

test.each([
  ['in memory', { stored: { kind: 'memory' } }],
  ['in memory, as `open` was told', { plan: { store: 'memory' } }],
  ['in a store that is full', { stored: { kind: 'indexeddb', degraded: 'quota-exceeded' } }],
])('a model that is kept %s would be fetched again, so it stays', async (_where, given) => {
  const { handover } = open(given);
  turn('hidden');
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(handover.isResting).toBe(false);
});

test('a store that answers two looks at once does not keep the model from waking', async () => {
  const asked = createDeferred<object>();
  const { handover, hidden, revive } = open({
    policy: { restHiddenMs: 0 },
    stored: asked.promise,
  });
  turn('hidden');
  await vi.advanceTimersByTimeAsync(0);
  hidden.ran();
  await vi.advanceTimersByTimeAsync(0);
  asked.resolve({ kind: 'indexeddb' });
  await vi.advanceTimersByTimeAsync(0);
  expect(handover.isResting).toBe(true);
  turn('visible');
  expect(revive).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test('files of `openUnsigned` are in the page, so their model rests', async () => {
  const { handover } = open({ plan: { store: 'memory', unsigned: {} } });
  turn('hidden');
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(handover.isResting).toBe(true);
});

test('with a version that has not settled in, the one before it goes too', async () => {
  const { handover, first } = open();
  const next = version();
  handover.take(next, isVersionFault);
  expect(handover.rest(new NearsideError('worker-lost', 'at rest'))).toBe(false);
  turn('hidden');
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(handover.isResting).toBe(true);
  expect([first.connection.end, next.connection.end]).not.toContain(undefined);
});

test('a model that is closed while it rests does not wake, and no timer is left', async () => {
  const { handover, hidden, revive } = open();
  turn('hidden');
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  hidden.close();
  await handover.close(new NearsideError('closed', 'closed'));
  turn('visible');
  expect(revive).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
