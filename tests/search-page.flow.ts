import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Route, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-search-`);
  stack = await startStack({ dir, anyPorts: true, models: ['sentences'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

test('the docs are searched by words at once, and by meaning and both as the model reads them, once on a device', async ({
  page,
}) => {
  await page.goto(`${stack.servers.site.url}search.html`);
  const query = page.getByTestId('query');
  await query.fill('metadata-expired');
  await expect(page.getByTestId('words')).toContainText('metadata-expired');
  await query.fill('IndexOptions');
  await expect(page.getByTestId('words')).toContainText(
    'option · default · what it does; dimensions',
  );
  await query.fill('how much memory does it take');
  for (const way of ['words', 'meaning', 'both']) {
    await expect(page.getByTestId(way).getByRole('listitem')).toHaveCount(5);
  }
  await expect(page.getByTestId('words').locator('mark', { hasText: 'memory' })).not.toHaveCount(0);
  await expect(page.locator('mark', { hasText: /^(?:how|much|does|it)$/i })).toHaveCount(0);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Both', 'Words', 'Meaning']);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  const reading = page.getByTestId('reading');
  await expect(reading).toHaveText(/^The model has read (?:32|48|64) of \d+ sections\.$/);
  await expectAccessible(page);
  await page.reload();
  await expect(reading).toHaveText(
    /read (\d+) of \d+ sections, \d+ of them on an earlier visit\.$/,
  );
  await query.fill('');
  await expect(page.getByTestId('both').getByRole('listitem')).toHaveCount(0);
});

const STEPS = '**/steps*.js';

const WITHOUT_STEPS: readonly [(route: Route) => Promise<void>, got: RegExp][] = [
  [(route) => route.fulfill({ status: 404 }), /Failed to fetch/],
  [(route) => route.abort('blockedbyclient'), /Failed to fetch/],
  [
    async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('nearside.steps.', 'other.');
      await route.fulfill({ response, body });
    },
    /another file than this build's/,
  ],
];

test('steps.js that is missing, blocked or of another build is named while words are found, and the next try opens the model @long', async ({
  page,
}) => {
  const problem = page.getByTestId('open-problem');
  const retry = page.getByTestId('retry');
  for (const [i, [answer, got]] of WITHOUT_STEPS.entries()) {
    await page.route(STEPS, answer);
    await (i === 0 ? page.goto(`${stack.servers.site.url}search.html`) : retry.click());
    await expect(problem).toHaveAttribute('data-error', 'assets-unreachable');
    await expect(problem).toContainText(/\/steps[^/]*\.js, got/);
    await expect(problem).toContainText(got);
    await expect(page.getByTestId('words').getByRole('listitem')).toHaveCount(5);
    await page.unroute(STEPS);
  }
  await retry.click();
  await expect(problem).toBeHidden();
  await expect(page.getByTestId('reading')).toHaveText(/^The model has read \d+ of \d+ sections/);
});
