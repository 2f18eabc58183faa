import { expect, test } from '@playwright/test';
import { makePatient } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  digits = await serveDigits();
  // Runs as long as the largest pixel of its input says.
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: makePatient,
  });
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
  await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 3_000 };
    scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    /** One tensor of the model, whose largest pixel sets how long it runs. */
    scope.pixels = (largest: number) => {
      const data = new Float32Array(784).fill(0.5);
      data[783] = largest;
      return { tensors: { pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data } } };
    };
  }, digits.address);
});

test('terminate ends a run that hangs; calls beside it and after it are answered by another worker', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    const controller = new AbortController();
    const { signal } = controller;
    const hanging = model.run(pixels(1e18), { signal, terminate: true });
    const beside = model.run(pixels(0.5), { topK: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    controller.abort(new Error('enough'));
    const ended = await hanging.catch((error: Error) => error.message);
    const [first] = (await beside).output.tensors.logits.data;
    const next = await model.run(pixels(0.5));
    return { ended, first, next: next.output.tensors.logits.data[0] };
  });
  expect(seen).toEqual({ ended: 'enough', first: 0.5, next: 0.5 });
});

test('a run that hangs is ended by the watchdog, coded, and the next good call succeeds', async ({
  page,
}) => {
  const [code, next, errors] = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    const code = await model
      .run(pixels(1e18), { transfer: true })
      .catch((error: { code: string }) => error.code);
    const { output } = await model.run(pixels(0.5));
    return [code, output.tensors.logits.data[0], model.stats().errors];
  });
  expect([code, next]).toEqual(['terminated', 0.5]);
  expect(errors).toEqual({ terminated: 1 });
});

test('an input that the caller keeps is tried once more, and not for ever', async ({ page }) => {
  const code = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    return model.run(pixels(1e18)).catch((error: { code: string }) => error.code);
  });
  expect(code).toBe('terminated');
});

test('a deadline lets the caller go while the run hangs, and close ends it', async ({ page }) => {
  const [code, closed] = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    const code = await model
      .run(pixels(1e18), { timeoutMs: 100 })
      .catch((error: { code: string }) => error.code);
    const waiting = model.run(pixels(0.5)).catch((error: { code: string }) => error.code);
    await model.close();
    return [code, await waiting];
  });
  expect([code, closed]).toEqual(['deadline', 'closed']);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
