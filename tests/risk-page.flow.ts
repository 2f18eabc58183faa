import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-risk-`);
  stack = await startStack({ dir, anyPorts: true, models: ['breast-cancer'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await page.goto(`${stack.servers.site.url}risk.html`);
  await expect(page.getByTestId('audit-count')).toHaveText('1 answer');
});

const UNUSUAL = '12.3456';

test('every answer is in the audit log after a reload, and in both files as it was given; no input is sent', async ({
  page,
}) => {
  const sent: string[] = [];
  page.context().on('request', (request) => sent.push(request.postData() ?? ''));
  await page.getByLabel('mean radius').fill(UNUSUAL);
  await expect(page.getByTestId('audit-count')).toHaveText('2 answers');
  await page.getByLabel('mean texture').fill('');
  await expect(page.getByTestId('audit-count')).toHaveText('3 answers');
  await page.reload();
  await expect(page.getByTestId('audit-count')).toHaveText('4 answers');

  const before = page.getByTestId('audit-table').locator('tbody').nth(1);
  await before.getByRole('button', { name: '29 of 30 measured for answer 3' }).press('Enter');
  await expect(before.getByText(UNUSUAL)).toBeVisible();
  await expectAccessible(page);

  const entries = JSON.parse(await save(page, 'audit-json'));
  expect(entries.map(({ number }: { number: number }) => number)).toEqual([4, 3, 2, 1]);
  const { input, ...answer } = entries[1];
  expect(input).toMatchObject({ 'mean radius': Number(UNUSUAL) });
  expect(input).not.toHaveProperty('mean texture');
  expect(answer).toMatchObject({
    model: 'breast-cancer',
    version: '1.0.0',
    variant: 'fp32',
    backend: expect.stringMatching(/-wasm$/),
    runId: expect.any(String),
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    output: [{ score: expect.any(Number) }, { score: expect.any(Number) }],
    tookMs: expect.any(Number),
  });

  const [header, , row] = (await save(page, 'audit-csv')).split('\r\n').map((l) => l.split(','));
  const cells = Object.fromEntries(header?.map((name, i) => [name, row?.[i]]) ?? []);
  const [{ label, score }] = answer.output;
  expect(cells).toMatchObject({
    ...{ number: '3', time: answer.time, runId: answer.runId, answer: label },
    ...{ [`score of ${label}`]: String(score), 'mean radius': UNUSUAL, 'mean texture': '' },
  });
  expect(sent.filter((body) => body.includes(UNUSUAL))).toEqual([]);
});

test('by keyboard, the log is cleared after a question, and kept when the answer is no', async ({
  page,
}) => {
  const count = page.getByTestId('audit-count');
  const question = page.getByRole('dialog', { name: 'Clear the audit log?' });
  await page.getByTestId('audit-clear').press('Enter');
  await expect(question).toBeVisible();
  await page.keyboard.press('Enter'); // on "Keep", which has the focus
  await expect(question).toBeHidden();
  await page.getByTestId('audit-clear').press('Enter');
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(count).toHaveText('1 answer');
  await page.getByTestId('audit-clear').press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(count).toHaveText('No answer yet');
  await expect(page.getByTestId('audit-table')).toBeHidden();
  await page.reload();
  await expect(count).toHaveText('1 answer');
});

test('what another tab adds to the log or clears is seen at once', async ({ page, context }) => {
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(page.getByTestId('audit-count')).toHaveText('2 answers');
  await expect(page.getByTestId('audit-table').locator('tbody')).toHaveCount(2);
  await other.getByTestId('audit-clear').click();
  await other.getByTestId('audit-confirm').click();
  await expect(page.getByTestId('audit-count')).toHaveText('No answer yet');
  await expect(page.getByTestId('audit-table').locator('tbody')).toHaveCount(0);
});

test('samples say what they are, and the answer stays in sight of the last field, on a phone in a bar that covers no field with the focus', async ({
  page,
}) => {
  const sample = page.getByTestId('sample');
  await sample.selectOption('Malignant, large and dented');
  await expect(page.getByTestId('decision')).toHaveText('malignant');
  await expect(page.getByTestId('scores').locator('.bar-score').first()).toHaveText(
    /^>?99\.\d\d%$/,
  );
  await expect(page.getByTestId('truth')).toHaveText(/^Row \d+ of .* is malignant\.$/);

  const last = page.getByLabel('worst fractal dimension');
  const bar = page.getByTestId('answer-bar');
  await last.focus();
  await expect(page.getByTestId('decision')).toBeInViewport();
  await expect(page.getByTestId('disclaimer')).toBeInViewport();
  await expect(bar).toBeHidden();

  await page.setViewportSize({ width: 390, height: 844 });
  await last.focus();
  await expect(bar).toHaveText(/malignant\s+>?99\.\d\d%\s+No medical advice/);
  for (let i = 0; i < 20; i++) await page.keyboard.press('Shift+Tab');
  const [field, above] = await Promise.all(
    [page.locator(':focus'), bar].map((element) => element.boundingBox()),
  );
  expect(field?.y).toBeGreaterThan((above?.y ?? 0) + (above?.height ?? 0));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

/** @returns the text of the file that a button saves */
async function save(page: Page, testId: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId(testId).click(),
  ]);
  return readFile(await download.path(), 'utf8');
}
