import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACCESS_DEFAULTS } from '../access/access.js';
import { answersOver } from '../answers/answers.js';
import { parseTargets } from '../files/targets.js';
import { createProcessMetrics } from '../metrics/process-metrics.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { READY } from '../testing/ready.js';
import { freshNames } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { readDashboard } from './dashboard.js';
import { createServer } from './server.js';

const folder = temporaryFolder();
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
writeFileSync(join(folder, 'assets', 'index-abc.js'), 'export {};');
writeFileSync(join(folder, 'assets', 'notes.txt'), 'not served');

function serverWith(dashboard: ReturnType<typeof readDashboard>) {
  const store = openSqliteRollupStore(':memory:');
  return createServer({
    store,
    answers: answersOver(store),
    names: freshNames(),
    metrics: createProcessMetrics(Date.now()),
    minDevices: 50,
    access: { ...ACCESS_DEFAULTS, local: true },
    readiness: async () => READY,
    targets: () => parseTargets({}),
    facts: () => undefined,
    prices: () => undefined,
    dashboard,
    now: Date.now,
    onError: () => {},
  });
}

test('the page is served with a policy that allows nothing from elsewhere and nothing inline', async () => {
  const { statusCode, headers } = await serverWith(readDashboard(folder)).inject('/');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['cache-control']).toBe('no-cache');
  const policy = headers['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

test('the files of the page are served for ever, because their names carry their hash', async () => {
  const server = serverWith(readDashboard(folder));
  const { statusCode, headers } = await server.inject('/assets/index-abc.js');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toContain('text/javascript');
  expect(headers['cache-control']).toContain('immutable');
});

test('nothing else of the folder is served', async () => {
  const server = serverWith(readDashboard(folder));
  for (const path of ['/assets/notes.txt', '/index.html', '/assets/../index.html', '/assets/']) {
    expect((await server.inject(path)).statusCode).toBe(404);
  }
});

test('a page that was not built answers with the command that builds it', async () => {
  const dashboard = readDashboard(join(folder, 'missing'));
  expect(dashboard).toBeUndefined();
  const response = await serverWith(dashboard).inject('/');
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({
    error: { code: 'dashboard-not-built', message: expect.stringContaining('npm run build') },
  });
});
