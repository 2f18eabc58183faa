import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Handover } from '../running/handover.js';
import type { EngineContext } from './engine-context.js';
import { takeResidence } from './resident-model.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A model of an engine that lets models rest after a minute. */
function reside() {
  const rests: number[] = [];
  const handover = {
    isResting: false,
    rest() {
      rests.push(Date.now());
      handover.isResting = true;
      return true;
    },
  };
  const engine = { models: new Set(), workers: { live: [] }, idleMs: 60_000 };
  const residence = takeResidence({
    ...{ name: 'digits', isBusy: () => false, close: async () => {} },
    engine: engine as unknown as EngineContext,
    handover: handover as unknown as Handover,
  });
  return { residence, rests };
}

test('a model rests a minute after its last call', () => {
  const { residence, rests } = reside();
  vi.advanceTimersByTime(50_000);
  residence.used();
  vi.advanceTimersByTime(200_000);
  expect(rests).toEqual([110_000]);
});

test('a call that ends after its model has left starts no clock', () => {
  const { residence, rests } = reside();
  residence.leave();
  residence.used();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(200_000);
  expect(rests).toEqual([]);
});
