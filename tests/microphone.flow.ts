import { expect, type Page, test } from '@playwright/test';
import { fakeMicrophone } from './fake-microphone.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveCdn } from './serve-cdn.js';
import { serveFixture } from './serve-fixture.js';

const fake = fakeMicrophone();
test.use({ launchOptions: fake.launchOptions });

let site: Awaited<ReturnType<typeof serveBarePage>>;

test.beforeAll(async () => {
  await fake.write();
  site = await serveBarePage();
});

test.afterAll(async () => {
  await Promise.all([site.close(), fake.remove()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
});

/** Tracks that the page was given and has not stopped. */
const countLive = (page: Page) =>
  page.evaluate(() => {
    const { given } = globalThis as Scope;
    return given.filter(({ readyState }: MediaStreamTrack) => readyState === 'live').length;
  });

async function noteTracks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const scope = globalThis as Scope;
    scope.given = [];
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      scope.given.push(...stream.getTracks());
      return stream;
    };
  });
}

test('a microphone gives pieces of its own rate without a gap, and is let go of after the loop', async ({
  page,
}) => {
  await noteTracks(page);
  const { pieces, elapsedMs } = await page.evaluate(async () => {
    const { microphone } = globalThis as Scope;
    const pieces = [];
    let startMs = 0;
    for await (const { samples, sampleRateHz } of microphone()) {
      startMs ||= performance.now();
      const loudest = samples.reduce(
        (most: number, one: number) => Math.max(most, Math.abs(one)),
        0,
      );
      pieces.push({ length: samples.length, sampleRateHz, loudest });
      if (pieces.length === 100) break;
    }
    return { pieces, elapsedMs: performance.now() - startMs };
  });
  const sampleRateHz: number = pieces[0]?.sampleRateHz;
  const heardMs = (pieces.reduce((sum, { length }) => sum + length, 0) / sampleRateHz) * 1000;
  expect(pieces.every((piece) => piece.sampleRateHz === sampleRateHz)).toBe(true);
  expect(Math.abs(heardMs - elapsedMs)).toBeLessThan(0.2 * elapsedMs);
  expect(Math.max(...pieces.map(({ loudest }) => loudest))).toBeGreaterThan(0.1);
  expect(await countLive(page)).toBe(0);
});

test('an abort rejects with its reason, and a track that ends says that the microphone is gone', async ({
  page,
}) => {
  await noteTracks(page);
  const ended = await page.evaluate(async () => {
    const { microphone, given } = globalThis as Scope;
    const read = async (options: object, after: () => void) => {
      try {
        for await (const _ of microphone(options)) after();
      } catch (error) {
        return (error as { code?: string }).code ?? error;
      }
      return 'nothing';
    };
    const stop = new AbortController();
    const aborted = await read({ signal: stop.signal }, () => stop.abort('enough'));
    const unplugged = await read({}, () => given.at(-1).dispatchEvent(new Event('ended')));
    return { aborted, unplugged };
  });
  expect(ended).toEqual({ aborted: 'enough', unplugged: 'microphone-unavailable' });
  expect(await countLive(page)).toBe(0);
});

test('a page that may not use the microphone is told so', async ({ page, context }) => {
  await context.clearPermissions();
  const html = `<iframe src="${site.url}" allow="microphone 'none'"></iframe>`;
  await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), html);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  await frame?.waitForSelector('html[data-ready=yes]', { state: 'attached' });
  const code = await frame?.evaluate(() => {
    const { microphone } = globalThis as Scope;
    return microphone()
      .next()
      .catch(({ code }: { code: string }) => code);
  });
  expect(code).toBe('microphone-refused');
});

test('a worklet that is not where it should be is assets-unreachable', async ({ page }) => {
  const code = await page.evaluate(() => {
    const { microphone } = globalThis as Scope;
    return microphone({ assets: '/nowhere' })
      .next()
      .catch(({ code }: { code: string }) => code);
  });
  expect(code).toBe('assets-unreachable');
});

test('a worklet of another origin is heard where it is this build’s, and assets-unreachable where it is not', async ({
  page,
}) => {
  const cdn = await serveCdn();
  const hear = () =>
    page.evaluate(async (assets) => {
      const { microphone } = globalThis as Scope;
      try {
        for await (const { samples } of microphone({ assets })) return samples.length > 0;
      } catch (error) {
        return `${(error as Scope).code}: ${(error as Scope).message}`;
      }
    }, `${cdn.url}assets`);
  expect(await hear()).toBe(true);
  await gotoBarePage(page, site.url);
  await page.route('**/microphone-worklet.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}//` });
  });
  expect(await hear()).toMatch(
    /^assets-unreachable: .*microphone-worklet\.js, got .*another file than this build's/,
  );
  await cdn.close();
});

test('speech that a microphone hears is told as segments while it goes on listening', async ({
  page,
}) => {
  const served = await serveFixture('voice', { among: 'models' });
  const heard = await page.evaluate(async ({ url, trust }) => {
    const { nearside, microphone } = globalThis as Scope;
    const model = await nearside.open(url, { trust, task: 'voice-activity-detection' });
    const segments = [];
    let opened = 0;
    for await (const { output } of model.stream(microphone())) {
      if (output.open) opened += 1;
      segments.push(...output.segments);
      // a busy machine hears less of each segment, and more of them
      if (segments.length >= 2 && opened > 10) break;
    }
    await model.close();
    return { segments, opened };
  }, served.address);
  await served.close();
  const [first, second] = heard.segments;
  expect(heard.opened).toBeGreaterThan(10);
  expect(first.toMs - first.fromMs).toBeGreaterThan(500);
  expect(second.fromMs).toBeGreaterThan(first.toMs);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
