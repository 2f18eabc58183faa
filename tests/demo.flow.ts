import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { runDemo } from '../scripts/demo/run-demo.mjs';

test('the whole flow keeps every promise of the demo', { tag: '@long' }, async () => {
  const dir = await mkdtemp(`${tmpdir()}/nearside-demo-`);
  const outcome = await runDemo(dir, { say: () => {} });
  await rm(dir, { recursive: true });
  const missed = outcome.results.filter(({ ok }: { ok: boolean }) => !ok);
  expect(missed, JSON.stringify(outcome)).toEqual([]);
});
