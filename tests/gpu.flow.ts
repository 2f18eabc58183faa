import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Page, test } from '@playwright/test';
import { chromiumGpuLaunch, chromiumLaunch } from '../scripts/chromium.mjs';
import { trivialOnOnnx } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { changeChoice, pretendTfjsWon, readChoice } from './remembered-choice.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';
import { visitUntilTuned } from './visit-until-tuned.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let wrong: Awaited<ReturnType<typeof serveFixture>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  wrong = await serveFixture('wrong-on-webgpu');
});

test.afterAll(async () => {
  await wrong.close();
  await site.close();
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
});

test('a model that WebGPU computes wrongly is golden-mismatch there', { tag: '@gpu' }, async ({
  page,
}) => {
  expect(await openForced(page, wrong.address, 'onnx-webgpu')).toMatchObject({
    code: 'golden-mismatch',
    message: expect.stringContaining("case 'noise', output 'y'"),
  });
});

test('by itself it serves on wasm; the GPU is quarantined when it is tried beside it, and not tried again', {
  tag: '@gpu',
}, async ({ page }) => {
  const mismatch = { backend: 'onnx-webgpu', code: 'golden-mismatch' };
  const first = await openFreely(page, wrong.address);
  expect(first).toMatchObject({
    backend: 'onnx-wasm',
    isZero: true,
    told: [mismatch],
    quarantined: [mismatch],
    verdicts: [
      { backend: 'onnx-wasm', verdict: 'serving', startupMs: expect.any(Number) },
      { verdict: 'quarantined', ...mismatch },
      { backend: 'tfjs-wasm', verdict: 'untried' },
      { backend: 'tfjs-webgpu', verdict: 'untried' },
    ],
  });

  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await gotoBarePage(page, site.url);
  const second = await openFreely(page, wrong.address);
  expect(second).toMatchObject({ backend: 'onnx-wasm', told: [], quarantined: [mismatch] });
  expect(fetched.filter((url) => /worker-onnx-webgpu|jspi/.test(url))).toEqual([]);
});

test('on a device that has got a GPU what was measured without it is measured again', {
  tag: ['@gpu', '@new-gpu'],
}, async () => {
  const digits = await serveDigits();
  await digits.release(trivialOnOnnx({ isWrong: false }));
  const profile = await mkdtemp(join(tmpdir(), 'nearside-profile-'));
  const tune = { maxBytes: 50_000_000, maxMs: 60_000 }; // enough for a GPU that is emulated
  /** Opens and runs in a browser of the same profile, started with or without a GPU. */
  async function visit(launch: typeof chromiumLaunch) {
    const context = await chromium.launchPersistentContext(profile, launch);
    const page = await context.newPage();
    await gotoBarePage(page, site.url);
    const { backends } = await visitUntilTuned(page, digits.address, { tune });
    const { adapter } = await readChoice(page);
    await changeChoice(page, pretendTfjsWon);
    await context.close();
    return { backends, adapter };
  }
  const without = { backends: ['tfjs-wasm', 'onnx-wasm'], adapter: 'none' };
  expect(await visit(chromiumLaunch)).toEqual(without);
  const same = { backends: ['tfjs-wasm', 'tfjs-wasm'], adapter: 'none' };
  expect(await visit(chromiumLaunch)).toEqual(same);
  const withIt = await visit(chromiumGpuLaunch);
  expect(withIt.backends).toEqual(['tfjs-wasm', 'onnx-wasm']);
  expect(withIt.adapter).not.toBe('none');
  await rm(profile, { recursive: true });
  await digits.close();
});

test('where the GPU computes the right numbers it is timed beside wasm, and the table says so', {
  tag: '@gpu',
}, async ({ page }) => {
  const digits = await serveDigits();
  const table = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    // Time enough for a GPU that is emulated.
    const tune = { maxBytes: 50_000_000, maxMs: 60_000 };
    const model = await nearside.open(url, { trust, tune });
    await model.run(one());
    const isOpen = ({ message }: { message?: string }) => message?.startsWith('not yet');
    while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
    const table = await model.explainBackend();
    await model.close();
    return table;
  }, digits.address);
  expect(table).toHaveLength(6);
  for (const { backend, verdict, p50Ms, message } of table) {
    expect({ backend, verdict, message }).toEqual({
      backend,
      verdict: expect.stringMatching(/^(serving|slower)$/),
    });
    expect(p50Ms).toBeGreaterThan(0);
  }
  await digits.close();
});

test('without a GPU the backends for it are no-backend before their wasm is fetched', {
  tag: '@no-gpu',
}, async ({ page }) => {
  const digits = await serveDigits();
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  for (const backend of ['onnx-webgpu', 'tfjs-webgpu']) {
    expect(await openForced(page, digits.address, backend)).toMatchObject({
      code: 'no-backend',
      message: expect.stringContaining('WebGPU with an adapter'),
    });
  }
  expect(fetched.filter((path) => /\.wasm$|\/chunks\//.test(path))).toEqual([]);
  await digits.close();
});

test('without JSPI `onnx-webgpu` is no-backend, says so, and its wasm is not fetched; `tfjs-webgpu` is tried', {
  tag: '@gpu',
}, async ({ page }) => {
  const digits = await serveDigits();
  const withoutJspi = 'delete WebAssembly.Suspending;';
  await page.addInitScript(withoutJspi);
  await page.route(/worker-onnx-webgpu/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: withoutJspi + (await response.text()) });
  });
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await gotoBarePage(page, site.url);
  const untried = await page.evaluate(async ({ url, trust }) => {
    const { nearside, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, tune: { maxMs: 60_000 } });
    await model.run(one());
    const isOpen = ({ message }: { message?: string }) => message?.startsWith('not yet');
    while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
    const untried = (await model.explainBackend())
      .filter(({ verdict }: { verdict: string }) => verdict === 'untried')
      .map(({ backend, message }: { backend: string; message: string }) => [backend, message]);
    await model.close();
    return untried;
  }, digits.address);
  const row = ['onnx-webgpu', 'no JSPI (`WebAssembly.Suspending`)'];
  expect(untried).toEqual([row, row]);
  expect(fetched.filter((url) => url.includes('onnx-webgpu'))).toEqual([]);
  expect(await openForced(page, digits.address, 'onnx-webgpu')).toMatchObject({
    code: 'no-backend',
    message: expect.stringContaining('expected JSPI (`WebAssembly.Suspending`), got'),
  });
  expect(fetched.filter((url) => url.includes('worker-onnx-webgpu'))).toHaveLength(1);
  expect(fetched.filter((url) => url.includes('jspi'))).toEqual([]);
  await digits.close();
});

for (const backend of ['onnx-webgpu', 'tfjs-webgpu']) {
  test(`when the GPU goes, ${backend} serves on in another worker, and no run fails`, {
    tag: ['@gpu', '@gpu-process'],
  }, async ({ page }) => {
    const digits = await serveDigits();
    await page.evaluate(
      async ([{ url, trust }, backend]) => {
        const scope = globalThis as Scope;
        scope.model = await scope.nearside.open(url, { trust, backend });
        scope.selected = [];
        scope.model.on('backend-selected', (event: { backend: string }) =>
          scope.selected.push(event.backend),
        );
      },
      [digits.address, backend] as const,
    );
    expect(await runOne(page)).toBe('1');
    await endGpuProcess(page);
    const runAndCount = async () => {
      expect(await runOne(page)).toBe('1');
      return page.evaluate(() => (globalThis as Scope).selected);
    };
    await expect.poll(runAndCount).toEqual([backend, backend]);
    await page.evaluate(() => (globalThis as Scope).model.close());
    await digits.close();
  });
}

/** The failure of opening a model on one backend. */
function openForced(page: Page, address: { url: string; trust: string }, backend: string) {
  return page.evaluate(
    async ([{ url, trust }, backend]) => {
      const { nearside } = globalThis as Scope;
      return nearside.open(url, { trust, backend }).then(
        () => ({ code: 'opened', message: '' }),
        ({ code, message }: { code: string; message: string }) => ({ code, message }),
      );
    },
    [address, backend] as const,
  );
}

/** Opens a model, runs it once, and waits until nothing is left to try. */
function openFreely(page: Page, address: { url: string; trust: string }) {
  return page.evaluate(async ({ url, trust }) => {
    const model = await (globalThis as Scope).nearside.open(url, { trust });
    const told: object[] = [];
    model.on('backend-quarantined', (event: object) => told.push(event));
    const x = { datatype: 'FP32', shape: [1, 129, 4, 4], data: new Float32Array(129 * 16) };
    const { output, meta } = await model.run({ tensors: { x } });
    const isOpen = ({ message }: { message?: string }) => message?.startsWith('not yet');
    while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
    const { quarantined } = model.stats();
    const verdicts = await model.explainBackend();
    await model.close();
    const isZero = output.tensors.y.data.every((y: number) => y === 0);
    return { told, verdicts, quarantined, backend: meta.backend, isZero };
  }, address);
}

/** The best label of one run, or the code it failed with. */
function runOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const scope = globalThis as Scope;
    return scope.model.run(scope.one()).then(
      ({ output }: { output: { label: string }[] }) => output[0]?.label,
      (error: { code: string }) => error.code,
    );
  });
}

/** As a driver that crashes: every device of every page is lost. Chromium starts another process. */
async function endGpuProcess(page: Page): Promise<void> {
  const session = await page.context().browser()?.newBrowserCDPSession();
  await session?.send('Browser.crashGpuProcess');
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
