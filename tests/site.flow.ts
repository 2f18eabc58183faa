import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { expect, type Page, test } from '@playwright/test';
import sirv from 'sirv';
import { listen } from '../scripts/listen.mjs';
import { root } from '../scripts/root.mjs';
import { readWorkflow } from '../scripts/workflows.mjs';
import { expectAccessible } from './expect-accessible.js';

/** A code host serves a project's pages below its name. */
const BASE = '/nearside';

/** A fresh clone needs these; this checkout is built. */
const READY_HERE = ['npm ci', 'npm run build'];

let site: Awaited<ReturnType<typeof listen>>;

test.beforeAll(async () => {
  test.setTimeout(900_000);
  const { jobs } = await readWorkflow('site');
  const commands = (jobs.build?.steps ?? []).flatMap(({ run }) => run ?? []);
  const env = { ...process.env, BASE, NEARSIDE_REPOSITORY: 'https://git.example/near/side' };
  for (const command of commands.filter((each) => !READY_HERE.includes(each))) {
    const { status, stderr } = spawnSync('bash', ['-e', '-c', command], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
  }
  site = await serveBelow(BASE, `${root}.nearside/site`);
});

test.afterAll(() => site.close());

async function serveBelow(base: string, dir: string) {
  const files = sirv(dir, { dev: true });
  const server = createServer((request, response) => {
    const { url = '' } = request;
    request.url = url.startsWith(`${base}/`) ? url.slice(base.length) : '/outside-of-the-site';
    files(request, response, () => {
      response.statusCode = 404;
      response.end();
    });
  });
  return listen(server, 0);
}

/** What a page asks for and gets no good answer to, and what it asks of others. */
function watchRequests(page: Page) {
  const wrong: string[] = [];
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && !request.url().startsWith(site.url))
      wrong.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`);
  });
  return wrong;
}

async function drawOne(page: Page) {
  const board = page.getByRole('application', { name: 'Drawing board' });
  await board.focus();
  await page.keyboard.press('Space');
  for (let i = 0; i < 14; i += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
}

test('the steps that build the site make one folder, whose first page reads a digit drawn with the keyboard and asks nothing of others', {
  tag: '@long',
}, async ({ page }) => {
  const wrong = watchRequests(page);
  await page.goto(`${site.url}nearside/`);
  await expectAccessible(page);
  await drawOne(page);
  const answer = page.getByRole('region', { name: 'Live demo' }).getByRole('status');
  await expect(answer).toHaveText(/^Read as 1, .*% sure.* ms on this device/);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(answer).toHaveText(/^Your device reads it/);
  expect(wrong).toEqual([]);
});

test('the site has the benchmark page beside the docs, and links to it', {
  tag: '@long',
}, async ({ page }) => {
  const wrong = watchRequests(page);
  await page.goto(`${site.url}nearside/`);
  await page.getByRole('link', { name: 'Benchmarks' }).click();
  await expect(page).toHaveURL(`${site.url}nearside/benchmark/`);
  await expect(page.getByRole('button').first()).toBeVisible();
  expect(wrong).toEqual([]);
});
