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
  dir = await mkdtemp(`${tmpdir()}/nearside-people-`);
  stack = await startStack({ dir, anyPorts: true, models: ['people'] });
  await fake.write();
});

test.afterAll(async () => {
  await Promise.all([stack.close(), fake.remove()]);
  await rm(dir, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await page.goto(`${stack.servers.site.url}people.html`);
});

test('the example’s person stays while her background becomes another; what is no picture is refused with a code, and the next one is cut', async ({
  page,
}) => {
  await expect(page.getByTestId('covered')).toHaveText(/^5\d\.\d%$/);
  await expectAccessible(page);
  const before = await pixelsOf(page);
  await page.getByLabel('One colour').check({ force: true });
  await page.getByTestId('color').fill('#00ff00');
  const after = await pixelsOf(page);
  expect(after.corner).toEqual([0, 255, 0, 255]);
  expect(after.face).toEqual(before.face);

  const file = page.getByTestId('file');
  await file.setInputFiles({
    name: 'notes.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('words'),
  });
  const problem = page.getByTestId('picture-problem');
  await expect(problem).toHaveAttribute('data-error', 'decode-failed');
  await expect(page.getByTestId('result')).toBeHidden();
  await page.getByTestId('sample').click();
  await expect(problem).toBeHidden();
  await expect(page.getByTestId('covered')).toHaveText(/^5\d\.\d%$/);
});

test('the camera’s picture is cut at its pace, and let go when the page is hidden; one that is unplugged or refused is told in a sentence', async ({
  page,
}) => {
  const start = page.getByTestId('start');
  await start.focus();
  await page.keyboard.press('Enter');
  await expect(start).toHaveText('Stop camera');
  await expect(page.getByTestId('pace')).toHaveText(/^[1-9]\d?$/);
  await expect(page.getByTestId('covered')).toHaveText(/^5\d\.\d%$/);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(page.getByTestId('status')).toHaveText(/^The camera is off, as/);
  expect(await page.evaluate(() => document.querySelector('video')?.srcObject)).toBeNull();

  const problem = page.getByTestId('picture-problem');
  await start.click();
  await expect(page.getByTestId('pace')).toBeVisible();
  await page.evaluate(() => {
    const stream = document.querySelector('video')?.srcObject;
    if (stream instanceof MediaStream) stream.getTracks()[0]?.dispatchEvent(new Event('ended'));
  });
  await expect(problem).toHaveAttribute('data-error', 'camera-unavailable');
  await expect(problem).toContainText('was unplugged or taken away');
  await expect(start).toHaveText('Start camera');

  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    };
  });
  await start.click();
  await expect(problem).toHaveAttribute('data-error', 'camera-refused');
  await page.getByTestId('sample').click();
  await expect(problem).toBeHidden();
});

/** Pixels of the picture shown: its upper left corner, and the face in it. */
function pixelsOf(page: Page) {
  return page.getByTestId('shown').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('expected a canvas');
    const context = canvas.getContext('2d');
    const at = (x: number, y: number) => [
      ...(context?.getImageData(x * canvas.width, y * canvas.height, 1, 1).data ?? []),
    ];
    return { corner: at(0.02, 0.02), face: at(0.43, 0.2) };
  });
}
