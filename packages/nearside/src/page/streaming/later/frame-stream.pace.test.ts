import { expect, test } from 'vitest';
import { createFramePace, PACE_LIMITS } from './frame-stream.js';

test('frames cross alone until it is known how long they take, then as many as fill a slice', () => {
  const pace = createFramePace();
  expect(pace.together).toBe(1);
  pace.observe(2);
  expect(pace.together).toBe(4);
  pace.observe(100);
  expect(pace.together).toBe(1);
});

test('a first run that is slow is soon forgotten', () => {
  const pace = createFramePace();
  pace.observe(50);
  for (let i = 0; i < 10; i += 1) pace.observe(0.2);
  expect(pace.together).toBeGreaterThan(20);
});

test('runs too short for the clock cross in bounded numbers', () => {
  const pace = createFramePace();
  pace.observe(0);
  expect(pace.together).toBe(PACE_LIMITS.together);
});
