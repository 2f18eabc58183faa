import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-text-`);
  stack = await startStack({ dir, anyPorts: true, models: ['ocr'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

const linesOf = (page: Page) => page.getByTestId('lines').locator('button > :first-child');

const RECEIPT = [
  ['Corner Bakery'],
  ['2 Croissants', '5.80'],
  ['1 Rye bread', '4.20'],
  ['1 Espresso', '2.40'],
  ['3 Lemon tarts', '11.70'],
  ['TOTAL', '24.10'],
  ['Thank you, see you soon'],
];

test('the lines of a receipt and of a turned page are read in their order, each with its box and a price in its item’s row; the list is as tall as the picture, and shows where there is more', {
  tag: '@long',
}, async ({ page }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.setViewportSize({ width: 1280, height: 400 });
  await page.goto(`${stack.servers.site.url}text.html`);
  await expect(linesOf(page)).toHaveText(RECEIPT.flat());
  await expect(page.getByTestId('boxes').locator('polygon')).toHaveCount(12);
  await expectAccessible(page);
  for (const [i, row] of RECEIPT.entries()) {
    const texts = row.map((text) => `${text}>?\\d\\d\\.\\d{1,2}%`).join('');
    await expect(page.getByTestId('lines').locator('li').nth(i)).toHaveText(
      new RegExp(`^${texts}$`),
    );
  }
  await page.getByTestId('copy').click();
  await expect(page.getByTestId('copy')).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    RECEIPT.map((row) => row.join('\t')).join('\n'),
  );

  const price = page.getByRole('button', { name: '24.10' });
  await price.focus();
  await expect(price).toHaveClass(/is-chosen/);
  await expect(page.locator('polygon.is-chosen')).toHaveCount(1);
  await expectListAsTallAsPicture(page);

  await page.getByTestId('sample').selectOption('A turned page');
  await expect(linesOf(page)).toHaveText([
    'Notes of the meeting',
    'The bridge opens in the spring.',
    'Two lanes stay closed until May.',
    'Signs are to be put up by Friday.',
    'Next meeting: 14 March, 10:15',
  ]);
});

test('a file that is no picture is refused with a code, and a picture without text has no lines', async ({
  page,
}) => {
  await page.goto(`${stack.servers.site.url}text.html`);
  const file = page.getByTestId('file');
  const given = (buffer: Buffer) => ({ name: 'given.png', mimeType: 'image/png', buffer });
  await file.setInputFiles(given(Buffer.from('words')));
  const problem = page.getByTestId('picture-problem');
  await expect(problem).toHaveAttribute('data-error', 'decode-failed');
  const blank = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 48);
    canvas.getContext('2d')?.fillRect(0, 0, 64, 48);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  await file.setInputFiles(given(Buffer.from(blank)));
  await expect(problem).toBeHidden();
  await expect(page.getByTestId('summary')).toHaveText('No text found');
  await expectAccessible(page);
});

async function expectListAsTallAsPicture(page: Page): Promise<void> {
  const [picture, answer] = await Promise.all(
    ['Picture', 'Answer'].map((name) => page.getByRole('region', { name }).boundingBox()),
  );
  expect(answer?.height).toBe(picture?.height);
  const list = page.getByTestId('lines');
  await list.evaluate((element) => element.scrollTo(0, 0));
  await expect(list).toHaveAttribute('data-more', 'below');
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(list).toHaveAttribute('data-more', 'above');
}
