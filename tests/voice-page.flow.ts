import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { startStack } from '../scripts/stack.mjs';
import { expectAccessible } from './expect-accessible.js';
import { fakeMicrophone } from './fake-microphone.js';

const fake = fakeMicrophone();
test.use({ launchOptions: fake.launchOptions });

let dir: string;
let stack: Awaited<ReturnType<typeof startStack>>;

test.beforeAll(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-voice-`);
  stack = await startStack({ dir, anyPorts: true, models: ['voice'] });
  await fake.write();
});

test.afterAll(async () => {
  await Promise.all([stack.close(), fake.remove()]);
  await rm(dir, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await page.goto(`${stack.servers.site.url}voice.html`);
});

test('five sentences between pauses are five parts with speech; a sound file is looked at, one that is none is refused with a code, and the next is looked at', async ({
  page,
}) => {
  await expect(page.getByTestId('segments').getByRole('button')).toHaveCount(5);
  await expect(page.getByTestId('summary')).toHaveText(/^\d\.\d s of speech$/);
  await expect(page.getByTestId('summary-of')).toHaveText(/^in 11\.\d s$/);
  const waveform = page.getByTestId('waveform');
  await expect(waveform).toHaveAttribute('aria-label', /^Waveform: \d\.\d s of speech in/);
  await expectAccessible(page);

  const file = page.getByTestId('file');
  await file.setInputFiles(`${root}models/voice/clips/french.wav`);
  await expect(page.getByTestId('segments').getByRole('button')).toHaveCount(1);
  await file.setInputFiles({
    name: 'notes.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('words'),
  });
  await expect(page.getByTestId('sound-problem')).toHaveAttribute('data-error', 'decode-failed');
  await expect(page.getByTestId('result')).toBeHidden();
  await file.setInputFiles(`${root}models/voice/clips/english.wav`);
  await expect(page.getByTestId('sound-problem')).toBeHidden();
  await expect(page.getByTestId('summary')).toHaveText(/of speech/);
});

test('while it listens, the waveform is drawn and speech in it is marked, in words too; all is looked at as a whole after', async ({
  page,
}) => {
  await expect(page.getByTestId('segments').getByRole('button')).toHaveCount(5);
  const listen = page.getByTestId('listen');
  await listen.focus();
  await page.keyboard.press('Enter');
  await expect(listen).toHaveText(/Stop/);
  const waveform = page.getByTestId('waveform');
  await expect(waveform).toHaveAttribute('aria-label', /^Live waveform/);
  await expect(page.getByTestId('summary')).toHaveText(/^Speech/);
  // Half a second of silence comes first, and less than 250 ms of speech are none.
  await expect(page.getByTestId('summary-of')).toHaveText(/^(?!0)\d+\.\d s so far$/);
  await expect.poll(() => waveform.evaluate(hasSpeechColor)).toBe(true);
  await expect(page.getByTestId('summary')).toHaveText(/^Listening/);
  await page.keyboard.press('Enter');
  await expect(listen).toHaveText(/Listen/);
  await expect(waveform).toHaveAttribute('aria-label', /^Waveform: \d\.\d s of speech in/);
  await expect(page.getByTestId('summary')).toHaveText(/of speech/);
  await page.getByTestId('segments').getByRole('button').first().click();
  await expect(page.getByTestId('play')).toHaveText('Stop playing');
  await expect(page.getByTestId('play')).toHaveText('Play');
});

test('a recording is left while the user is still being asked; a microphone that is refused is told, and examples still work', async ({
  page,
}) => {
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => new Promise(() => {});
  });
  const listen = page.getByTestId('listen');
  await listen.click();
  await expect(listen).toHaveText(/Stop/);
  await listen.click();
  await expect(listen).toHaveText(/Listen/);
  await page.getByTestId('sample').selectOption('German');
  await expect(page.getByTestId('segments').getByRole('button')).toHaveCount(1);

  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    };
  });
  await listen.click();
  await expect(page.getByTestId('sound-problem')).toHaveAttribute(
    'data-error',
    'microphone-refused',
  );
  await page.getByTestId('sample').selectOption('French');
  await expect(page.getByTestId('sound-problem')).toBeHidden();
  await expect(page.getByTestId('segments').getByRole('button')).toHaveCount(1);
});

/** True where the drawing has the colour of bars with speech. */
function hasSpeechColor(canvas: HTMLElement | SVGElement): boolean {
  if (!(canvas instanceof HTMLCanvasElement)) return false;
  const colorOf = new OffscreenCanvas(1, 1).getContext('2d');
  const context = canvas.getContext('2d');
  if (!colorOf || !context) return false;
  colorOf.fillStyle = getComputedStyle(canvas).getPropertyValue('--speech');
  colorOf.fillRect(0, 0, 1, 1);
  const [red, green, blue] = colorOf.getImageData(0, 0, 1, 1).data;
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) return true;
  }
  return false;
}
