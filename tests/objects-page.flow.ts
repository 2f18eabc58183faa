import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';
import { fakeCamera } from './fake-camera.js';

const fake = fakeCamera();
test.use({ launchOptions: fake.launchOptions });

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-objects-`);
  stack = await startStack({ dir, anyPorts: true, models: ['faces', 'things'] });
  await fake.write();
});

test.afterAll(async () => {
  await Promise.all([stack.close(), fake.remove()]);
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
  await expectAccessible(page);
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

test('a face and a person before the camera are found until the page is hidden; a camera that is unplugged or refused is told in a sentence, and the next picture is looked at', async ({
  page,
}) => {
  await page.goto(`${stack.servers.site.url}objects.html`);
  await expect(namesOf(page)).toHaveText(['Face', 'Person']);
  const film = page.getByTestId('film');
  await film.focus();
  await page.keyboard.press('Enter');
  await expect(film).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('speed')).toHaveText(/^\d+\.\d pictures a second\.$/);
  await expect(namesOf(page)).toHaveText(['Face', 'Person']);
  await expect(page.getByTestId('photo')).toBeHidden();
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(film).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByTestId('photo')).toBeVisible();
  expect(await page.evaluate(() => document.querySelector('video')?.srcObject)).toBeNull();

  const problem = page.getByTestId('picture-problem');
  await film.click();
  await expect(page.getByTestId('speed')).toHaveText(/pictures a second/);
  await page.evaluate(() => {
    const stream = document.querySelector('video')?.srcObject;
    if (stream instanceof MediaStream) stream.getTracks()[0]?.stop();
  });
  await expect(problem).toHaveAttribute('data-error', 'camera-unavailable');
  await expect(problem).toContainText('was unplugged or taken away');
  await expect(film).toHaveAttribute('aria-pressed', 'false');

  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    };
  });
  await film.click();
  await expect(problem).toHaveAttribute('data-error', 'camera-refused');
  await page.getByTestId('sample').selectOption('A cat');
  await expect(problem).toBeHidden();
  await expect(namesOf(page)).toHaveText(['Cat']);
});
