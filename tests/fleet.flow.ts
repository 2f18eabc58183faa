import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';

test('a fleet that is to be shown is made where there is none, and only then', async () => {
  const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
  const first = await show(dir);
  expect(first.said).toContain(`Making ${dir}: 300 reports of 30 devices`);
  expect(first.figures).toMatchObject({ total: { reports: expect.any(Number) } });
  const { mtimeMs } = await stat(`${dir}/fleet.sqlite`);

  const again = await show(dir);
  expect(again.said).toBe('');
  expect(again.figures).toEqual(first.figures);
  expect((await stat(`${dir}/fleet.sqlite`)).mtimeMs).toBe(mtimeMs);
  await rm(dir, { recursive: true });
});

/** Waits until it is served, asks once, and ends it. */
async function show(dir: string): Promise<{ said: string; figures: unknown }> {
  const words = ['--show', dir, '--devices', '30', '--reports', '300'];
  const running = spawn('node', ['bench/fleet/run.mjs', ...words], { cwd: root });
  let said = '';
  running.stderr.on('data', (text) => {
    said += text;
  });
  const address = await new Promise<string>((resolve, reject) => {
    running.stdout.once('data', (text) => resolve(`${text}`.split(' ')[0] ?? ''));
    running.once('exit', () => reject(new Error(said)));
  });
  const [from, to] = [Date.UTC(2026, 2, 2), Date.UTC(2026, 2, 9)];
  const query = `model=digits&from=${from}&to=${to}`;
  const figures: unknown = await (await fetch(`${address}/v1/fleet/latency?${query}`)).json();
  running.kill('SIGTERM');
  await new Promise((resolve) => running.once('exit', resolve));
  return { said, figures };
}
