import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { SHARE_OF_BUSY_TIME, ShadowBudget } from './shadow-budget.js';

afterEach(() => {
  vi.useRealTimers();
});

const ms = fc.double({ min: 0, max: 10_000, noNaN: true });

test('whatever a page does, a shadow that stops when nothing is left takes at most 2 % of the busy time', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const steps = fc.array(fc.record({ busyMs: ms, pauseMs: ms, workMs: ms }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (steps) => {
      const budget = new ShadowBudget();
      let busyMs = 0;
      for (const step of steps) {
        budget.ran(step.busyMs);
        busyMs += step.busyMs;
        vi.advanceTimersByTime(step.pauseMs);
        if (budget.leftMs <= 0) continue;
        budget.start();
        vi.advanceTimersByTime(Math.min(step.workMs, Math.floor(budget.leftMs)));
        budget.stop();
        expect(budget.spentMs).toBeLessThanOrEqual(SHARE_OF_BUSY_TIME * busyMs + 1e-6);
      }
    }),
  );
});

test('a download costs no time: nothing is spent between a stop and the next start', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const budget = new ShadowBudget();
  budget.ran(10_000);
  budget.start();
  vi.advanceTimersByTime(30);
  budget.stop();
  vi.advanceTimersByTime(60_000);
  budget.start();
  vi.advanceTimersByTime(20);
  expect([budget.spentMs, budget.leftMs]).toEqual([50, 150]);
  budget.stop();
  budget.stop();
  expect(budget.spentMs).toBe(50);
});
