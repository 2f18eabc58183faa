import { type CDPSession, expect, test } from '@playwright/test';
import { makePatient } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
/** Runs as long as the largest pixel of its input says. */
let patient: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  patient = await serveDigits();
  await patient.release({ version: '1.1.0', sequence: 2, change: makePatient });
});

test.afterAll(async () => {
  await Promise.all([site.close(), patient.close()]);
});

test('of 20 models that were closed no worker and no port is left, also where the worker was ended first', {
  tag: '@long',
}, async ({ page }) => {
  test.slow(); // it starts 24 workers
  await gotoBarePage(page, site.url);
  const devtools = await page.context().newCDPSession(page);
  const outcomes = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    const outcomes: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const isEnded = i % 5 === 0;
      const backend = isEnded ? 'onnx-wasm' : 'tfjs-wasm';
      const policy = { update: 'manual' };
      const model = await nearside.open(url, { trust, backend, policy });
      const run = (largest: number, options?: object) => {
        const data = new Float32Array(784).fill(0.5);
        data[783] = largest;
        const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data };
        return model.run({ tensors: { pixel_values } }, options);
      };
      await run(0.5);
      if (isEnded) {
        const controller = new AbortController();
        const hung = run(1e18, { signal: controller.signal, terminate: true });
        await new Promise(requestAnimationFrame);
        controller.abort(new Error('ended'));
        outcomes.push(await hung.catch((error: Error) => error.message));
      }
      await model.close();
    }
    return outcomes;
  }, patient.address);
  expect(outcomes).toEqual(['ended', 'ended', 'ended', 'ended']);
  await expect.poll(() => countInstances(devtools, 'Worker')).toBe(0);
  await expect.poll(() => countInstances(devtools, 'MessagePort')).toBe(0);
});

/** Objects of the page's heap that are left after a collection. */
async function countInstances(devtools: CDPSession, constructorName: string): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage');
  const expression = `${constructorName}.prototype`;
  const { result: prototype } = await devtools.send('Runtime.evaluate', { expression });
  const { objects } = await devtools.send('Runtime.queryObjects', {
    prototypeObjectId: prototype.objectId as string,
  });
  const { result } = await devtools.send('Runtime.callFunctionOn', {
    objectId: objects.objectId as string,
    functionDeclaration: 'function () { return this.length; }',
    returnByValue: true,
  });
  await devtools.send('Runtime.releaseObject', { objectId: objects.objectId as string });
  return result.value;
}

// biome-ignore lint/suspicious/noExplicitAny: the page's globals, filled in by tests/page/main.js
type Scope = any;
