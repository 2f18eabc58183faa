import { expect, test } from 'vitest';
import { ALERTS, runbookName } from './alerts.js';

test('each alert has a name of its own, and so a runbook', () => {
  const names = ALERTS.map(({ name }) => runbookName(name));
  expect(new Set(names).size).toBe(ALERTS.length);
  expect(names).toContain('nearside-p99');
  expect(names).toContain('nearside-collector-folded-names');
  expect(names).toContain('nearside-success-burn-slow');
});

test('each summary is one sentence that says what to look at', () => {
  for (const { summary } of ALERTS) expect(summary).toMatch(/^[A-Z{].*: .+[^.]\.$/);
});
