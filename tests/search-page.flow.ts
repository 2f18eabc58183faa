import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';

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
  await query.fill('how much memory does it take');
  for (const way of ['words', 'meaning', 'both']) {
    await expect(page.getByTestId(way).getByRole('listitem')).toHaveCount(5);
  }
  const reading = page.getByTestId('reading');
  await expect(reading).toHaveText(/^The model has read (?:32|48|64) of \d+ sections\.$/);
  await page.reload();
  await expect(reading).toHaveText(
    /read (\d+) of \d+ sections, \d+ of them on an earlier visit\.$/,
  );
  await query.fill('');
  await expect(page.getByTestId('both').getByRole('listitem')).toHaveCount(0);
});
