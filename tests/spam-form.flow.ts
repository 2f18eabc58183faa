import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { publishModels, startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-spam-`);
  stack = await startStack({ dir, anyPorts: true, models: ['digits'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

const toldIn = (page: Page) => page.getByTestId('told');
const press = (page: Page, button: string) =>
  page.getByRole('button', { name: button, exact: true }).click();

async function gotoForm(page: Page): Promise<void> {
  await page.goto(`${stack.servers.site.url}spam.html`);
}

test('without its model the form says so and sends unchecked; the next try opens the model, which warns @long', async ({
  page,
}) => {
  await gotoForm(page);
  const problem = page.getByTestId('open-problem');
  await expect(problem).toHaveAttribute('data-error', 'model-not-found');
  await expect(problem).toContainText("'spam'");
  await press(page, 'A prize');
  await press(page, 'Send');
  await expect(page.getByTestId('sent')).toContainText('It was not checked');
  await press(page, 'Write another');
  await publishModels(dir, ['spam']);
  await press(page, 'Try again');
  await expect(page.locator('html')).toHaveAttribute('data-model', 'ready');
  await expect(problem).toBeHidden();
  await press(page, 'A prize');
  await expect(toldIn(page)).toContainText(/This reads like spam \(>?\d\d\.\d{1,2}%\)/);
});

test('spam is not sent before its warning is seen, what is ordinary is, and nothing leaves the page; offline too', async ({
  page,
  context,
}) => {
  await publishModels(dir, ['spam']);
  await gotoForm(page);
  const message = page.getByTestId('message');
  const sent = page.getByTestId('sent');
  await press(page, 'A prize');
  await expect(toldIn(page)).toHaveAttribute('data-kind', 'spam');
  await expect(message).toHaveAccessibleDescription(/^This reads like spam/);
  await expectAccessible(page);
  await page.getByTestId('name').press('Enter');
  await expect(page.getByTestId('change')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(message).toBeFocused();
  await expect(sent).toBeHidden();
  await press(page, 'Send anyway');
  await expect(sent).toContainText('in spite of the warning');
  await expect(page.getByTestId('request')).toContainText(/"spam": 0\.[5-9]/);

  await expect(page.locator('html')).toHaveAttribute('data-offline', 'ready');
  await context.setOffline(true);
  await page.reload();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(`${request.url()} ${request.postData()}`));
  await expect(page.locator('html')).toHaveAttribute('data-model', 'ready');
  await press(page, 'An offer');
  await expect(toldIn(page)).toContainText(/This may read like spam \([5-7]\d\.\d%\)/);
  await press(page, 'A question');
  await expect(toldIn(page)).toHaveText('It does not read like spam.');
  await press(page, 'Send');
  await expect(page.getByTestId('request')).toContainText(/"name": "Maya[\s\S]*"spam": 0\.[0-4]/);
  expect(asked.filter((request) => /contact|lamp/.test(request))).toEqual([]);
});

test('while the message changes quickly, only what is said of the one that stands there is shown', async ({
  page,
}) => {
  await publishModels(dir, ['spam']);
  await gotoForm(page);
  await expect(page.locator('html')).toHaveAttribute('data-model', 'ready');
  await page.evaluate(async () => {
    const told = document.querySelector<HTMLElement>('#told');
    const message = document.querySelector('textarea');
    const [question, prize] = document.querySelectorAll<HTMLElement>('#samples button');
    if (!told || !message || !question || !prize) throw new Error('expected the form');
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver(() => {
      shown.push(`${told.dataset.kind} for ${message.value.slice(0, 5)}`);
    }).observe(told, { attributes: true });
    for (let i = 0; i < 24; i++) {
      (i % 2 === 0 ? question : prize).click();
      await new Promise((resolve) => setTimeout(resolve, i / 2));
    }
  });
  await expect(toldIn(page)).toHaveAttribute('data-kind', 'spam');
  const shown: string[] = await page.evaluate(() => (globalThis as Scope).shown);
  expect(shown.at(-1)).toBe('spam for CONGR');
  expect(shown).not.toContain('spam for Hello');
  expect(shown).not.toContain('fine for CONGR');
});

test('no message, one of a megabyte and one with half a character are said to be wrong, and the next is checked', async ({
  page,
}) => {
  await publishModels(dir, ['spam']);
  await gotoForm(page);
  await expect(page.locator('html')).toHaveAttribute('data-model', 'ready');
  const message = page.getByTestId('message');
  await press(page, 'Send');
  await expect(toldIn(page)).toHaveText('Write a message first.');
  await expect(message).toBeFocused();
  await message.fill('word '.repeat(2 ** 20 / 5));
  await expect(toldIn(page)).toContainText('takes 2,000 characters, and this has 1,048,575.');
  await press(page, 'Send');
  await expect(message).toBeFocused();
  await expect(message).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('sent')).toBeHidden();

  await message.evaluate((area: HTMLTextAreaElement) => {
    area.value = 'Half of one: \ud83d';
    area.dispatchEvent(new Event('input'));
  });
  const problem = page.getByTestId('check-problem');
  await expect(problem).toHaveAttribute('data-error', 'input-invalid');
  await expect(toldIn(page)).toBeHidden();
  await press(page, 'A question');
  await expect(toldIn(page)).toHaveAttribute('data-kind', 'fine');
  await expect(problem).toBeHidden();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
