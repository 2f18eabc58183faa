import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settlesWithin } from './timers.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('after a time in which nothing ran, what comes with the thaw is heard first', async () => {
  // A frozen page: every timer that is due fires at once, once, before anything else is heard.
  const settled = settlesWithin(
    100,
    new Promise<void>((resolve) => setTimeout(resolve, 60)), // an answer that came meanwhile
  );
  vi.runOnlyPendingTimers();
  expect(await settled).toBe(true);
});
