import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRIORITIES } from './api/run.js';
import { AGEING_MS, mostUrgent } from './ranking.js';

const NOW_MS = 100_000;

test('a call that has waited long enough overtakes newer interactive ones', () => {
  const old = { priority: 'background', enteredMs: NOW_MS - 2 * AGEING_MS } as const;
  const fresh = { priority: 'interactive', enteredMs: NOW_MS } as const;
  expect(mostUrgent([old, fresh], NOW_MS)).toBe(old);
  const younger = { ...old, enteredMs: NOW_MS - AGEING_MS };
  expect(mostUrgent([younger, fresh], NOW_MS)).toBe(fresh);
});

test('under a steady flood of interactive work every call is started within its age limit', () => {
  const flood = fc.array(fc.constantFrom(...PRIORITIES), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(flood, (priorities) => {
      let nowMs = 0;
      let waiting = priorities.map((priority) => ({ priority, enteredMs: 0 }));
      const first = new Set(waiting);
      // Two calls come for each one that is started.
      for (let turn = 0; first.size > 0; turn += 1) {
        const next = mostUrgent(waiting, nowMs);
        waiting = waiting.filter((entry) => entry !== next);
        if (next) first.delete(next);
        nowMs += 100;
        for (let i = 0; i < 2; i += 1) waiting.push({ priority: 'interactive', enteredMs: nowMs });
        expect(turn).toBeLessThan(200);
      }
    }),
  );
});
