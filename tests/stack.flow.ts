import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, type Page, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { publishModels, publishOnDemand, startStack } from '../scripts/stack.mjs';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

const DAY_MS = 86_400_000;

/** They are in some 25 of 64 cohorts, and a test of drift needs 16. */
const DEVICES = 32;
const DIGITS_A_DAY = 8;

const PRICES = { currency: 'CHF', serverPerMillionInferences: 40, cdnPerGigabyte: 0.05 };

/** Bytes of a held-out digit, 28 rows of 28. */
const DIGIT_BYTES = 784;

test('a local repository of an older checkout, with another model under the same version, is made anew', async () => {
  const { generateKeys, pack, publish, verify } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(`${tmpdir()}/nearside-stack-`);
  const [keys, repository] = [`${dir}/keys`, `${dir}/repository`];
  await cp(`${root}models/digits`, `${dir}/older`, { recursive: true });
  await appendFile(`${dir}/older/MODEL.md`, '\nAs it was.\n');
  await pack({ modelDirectory: `${dir}/older`, out: `${dir}/packed-older` });
  await generateKeys({ out: keys });
  await publish({ packed: `${dir}/packed-older`, repository, keys });

  const { pin, packed } = await publishModels(dir, ['digits']);
  expect((await verify({ repository, trust: pin })).problems).toEqual([]);
  await publish({ packed: `${packed}/digits`, repository, keys }); // what is there now is the present one
  await rm(dir, { recursive: true });
});

test('a model is published once, when a file of it is first asked for, in turn; what failed is tried again', async () => {
  const steps: string[] = [];
  let failures = 1;
  const before = await publishOnDemand('', async (model) => {
    steps.push(`${model} begins`);
    await Promise.resolve();
    if (model === 'ocr' && failures-- > 0) throw new Error('Expected weights, got none.');
    steps.push(`${model} is there`);
  });
  expect(before('/boot/digits.json')).toBeUndefined(); // it is there from the start
  expect(before('/metadata/1.root.json')).toBeUndefined();
  const asked = ['/boot/voice.json', '/boot/ocr.json', '/voice/nearside.json'].map(before);
  const answers = await Promise.allSettled(asked);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(steps).toEqual(['voice begins', 'voice is there', 'ocr begins']);
  await before('/boot/ocr.json');
  expect(steps.slice(3)).toEqual(['ocr begins', 'ocr is there']);
  // A browser that has opened the digits asks for no boot file of another model.
  await before('/metadata/timestamp.json');
  for (const model of ['faces', 'people', 'spam']) expect(steps).toContain(`${model} is there`);
  expect(steps.filter((step) => step === 'voice begins')).toHaveLength(1);
});

test('when digits come inverted for two days, the dashboard of `npm start` shows the drift; it has targets and prices too @long', async ({
  page,
}, testInfo) => {
  const dir = await mkdtemp(`${tmpdir()}/nearside-drift-`);
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  /** How far the clocks of devices and collector are ahead at noon of a day. */
  const untilNoon = (daysAgo: number) => today + (0.5 - daysAgo) * DAY_MS - Date.now();
  let aheadMs = untilNoon(3);
  const now = () => Date.now() + aheadMs;
  await writeFile(`${dir}/prices.json`, JSON.stringify(PRICES));
  const stack = await startStack({ dir, anyPorts: true, models: ['digits'], now });
  const { dashboard } = stack.config;
  const site = await serveBarePage();
  await gotoBarePage(page, site.url);
  await setClock(page, aheadMs);
  await openDevices(page, stack.config);
  await readDigits(page, { isInverted: false });
  for (const daysAgo of [2, 1]) {
    aheadMs = untilNoon(daysAgo);
    await setClock(page, aheadMs);
    await readDigits(page, { isInverted: true });
  }
  await closeDevices(page);

  aheadMs = untilNoon(0);
  // a finding begins when two looks agree
  for (let i = 0; i < 2; i += 1) await stack.servers.collector.look();
  const times = [today - 3 * DAY_MS, today].map((ms) => new Date(ms).toISOString());
  const [from = '', to = ''] = times;
  await page.goto(`${dashboard}?${new URLSearchParams({ view: 'debug', from, to })}`);
  const distributions = page.locator('#distributions');
  await expect(distributions.locator('.alarmed')).not.toHaveCount(0);
  await distributions.screenshot({ path: testInfo.outputPath('distributions.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await distributions.screenshot({ path: testInfo.outputPath('distributions-dark.png') });
  await page.emulateMedia({ colorScheme: null });
  await page.goto(`${dashboard}?range=7d`);
  const found = page.locator('[data-finding=drift]', { hasText: 'brightness' });
  await expect(found).toHaveText(/^What 1\.0\.0 sees or says has changed, since /);
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.screenshot({ path: testInfo.outputPath('on-call.png') });

  const ask = async (question: string) =>
    (await fetch(`${dashboard}v1/fleet/${question}?model=digits`)).json();
  expect(await ask('service')).toMatchObject({ targets: { p95Ms: 100 } });
  expect(await ask('cost'), 'as they were changed').toMatchObject({ currency: 'CHF' });

  await Promise.all([stack.close(), site.close()]);
  await rm(dir, { recursive: true });
});

/** Puts the clock of all devices of a page. */
async function setClock(page: Page, aheadMs: number): Promise<void> {
  await page.evaluate((ms) => {
    const scope = globalThis as Scope;
    scope.ofMachine ??= Date.now;
    Date.now = () => scope.ofMachine() + ms;
  }, aheadMs);
}

/** Each device is an install of its own: it has a store, a cohort and reports of its own. */
async function openDevices(page: Page, config: Scope): Promise<void> {
  await page.evaluate(
    async ({ model, trust, report, count }) => {
      const scope = globalThis as Scope;
      const options = { trust, report, store: 'memory', backend: 'onnx-wasm', tune: 'off' };
      const opening = Array.from({ length: count }, () => scope.nearside.open(model, options));
      scope.devices = await Promise.all(opening);
    },
    { ...config, count: DEVICES },
  );
}

/** Every device reads its own held-out digits. */
async function readDigits(page: Page, { isInverted }: { isInverted: boolean }): Promise<void> {
  const heldOut = await readFile(`${root}examples/digits/dist/held-out.bin`);
  const digits = Array.from({ length: DEVICES * DIGITS_A_DAY }, (_, i) => {
    const place = (i * 37) % (heldOut.length / DIGIT_BYTES); // they lie there by label
    return heldOut.subarray(place * DIGIT_BYTES, (place + 1) * DIGIT_BYTES).toString('base64');
  });
  await page.evaluate(
    async ({ digits, isInverted }) => {
      const { devices } = globalThis as Scope;
      for (const [i, digit] of digits.entries()) {
        const image = new ImageData(28, 28);
        for (const [pixel, char] of [...atob(digit)].entries()) {
          const ink = char.charCodeAt(0);
          const grey = isInverted ? 255 - ink : ink;
          image.data.set([grey, grey, grey, 255], 4 * pixel);
        }
        await devices[i % devices.length].run(image);
      }
    },
    { digits, isInverted },
  );
}

/** What they counted is sealed and sent, one after the other: pages of one origin send in turns. */
async function closeDevices(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const device of (globalThis as Scope).devices) await device.close();
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
