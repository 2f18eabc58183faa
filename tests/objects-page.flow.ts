import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-objects-`);
  stack = await startStack({ dir, anyPorts: true, models: ['faces', 'things'] });
});

test.afterAll(async () => {
  await stack.close();
  await rm(dir, { recursive: true });
});

const namesOf = (page: Page) => page.getByTestId('objects').locator('.kind');

test('a face with six points, a person, a cup and a cat are found where they are, and a file of words is refused', async ({
  page,
}) => {
  await page.goto(`${stack.servers.site.url}objects.html`);
  await expect(namesOf(page)).toHaveText(['Face', 'Person']);
  await expect(page.getByTestId('summary')).toHaveText('Face, Person');
  const boxes = page.getByTestId('boxes');
  await expect(boxes.locator('.point')).toHaveCount(6);
  const [face] = await boxes
    .locator('.box')
    .evaluateAll((all) => all.map(({ style }) => [style.left, style.top].map(Number.parseFloat)));
  expect(face?.[0]).toBeCloseTo(34.6, 0); // 177 of 512 pixels from the left
  expect(face?.[1]).toBeCloseTo(15.7, 0);
  for (const [name, found] of [
    ['A cup of coffee', 'Coffee cup'],
    ['A cat', 'Cat'],
  ] as const) {
    await page.getByTestId('sample').selectOption(name);
    await expect(namesOf(page)).toHaveText([found]);
  }
  const words = { name: 'given.png', mimeType: 'image/png', buffer: Buffer.from('words') };
  await page.getByTestId('file').setInputFiles(words);
  const problem = page.getByTestId('picture-problem');
  await expect(problem).toHaveAttribute('data-error', 'decode-failed');
  await page.getByTestId('sample').selectOption('An astronaut');
  await expect(namesOf(page)).toHaveText(['Face', 'Person']);
  await expect(problem).toBeHidden();
});
