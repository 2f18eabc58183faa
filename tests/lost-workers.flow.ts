import { expect } from '@playwright/test';
import { makePatient } from './change-digits.js';
import { test as clearedTest } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;

/** What hangs burns a core until the watchdog ends it, so it ends it soon. */
const test = clearedTest.extend<{ watchdogMs: number }>({ watchdogMs: [1_500, { option: true }] });

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

test.beforeEach(async ({ page, watchdogMs }) => {
  await gotoBarePage(page, site.url);
  await page.evaluate(keepWorkers);
  await page.evaluate(
    async ({ url, trust, watchdogMs }) => {
      const scope = globalThis as Scope;
      /** A run's tensor, or the error. */
      scope.settle = (work: Promise<Scope>) =>
        work.then(
          (result) => result?.output?.tensors.logits ?? result ?? {},
          (error) => error,
        );
      const policy = { update: 'manual', watchdogMs };
      scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
      /** One tensor of the model, whose largest pixel sets how long it runs. */
      scope.pixels = (largest: number) => {
        const data = new Float32Array(784).fill(0.5);
        data[783] = largest;
        return { tensors: { pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data } } };
      };
    },
    { ...digits.address, watchdogMs },
  );
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

test('what hangs fails alone: calls in its batch and behind it are answered', async ({ page }) => {
  const [batch, behind] = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    const outcome = (largest: number) =>
      model.run(pixels(largest)).then(
        ({ output }: Scope) => output.tensors.logits.data[0],
        ({ code }: Scope) => code,
      );
    const batch = Promise.all([0.6, 1e18, 0.7].map(outcome));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return [await batch, await outcome(0.5)];
  });
  expect(batch).toEqual([0.5, 'terminated', 0.5]);
  expect(behind).toBe(0.5);
});

test('an element without a picture is decode-failed where it has to wait too, and told nowhere else', async ({
  page,
}) => {
  const unhandled: string[] = [];
  page.on('pageerror', ({ message }) => unhandled.push(message));
  const code = await page.evaluate(async () => {
    const { model, pixels } = globalThis as Scope;
    const running = model.run(pixels(0.7));
    const canvas = document.createElement('canvas');
    canvas.width = 0;
    const code = await model.run(canvas).catch((error: { code: string }) => error.code);
    await running;
    return code;
  });
  expect(code).toBe('decode-failed');
  expect(unhandled).toEqual([]);
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

test('a worker lost while nobody calls is replaced before the next call, whose input is whole', async ({
  page,
}) => {
  const shape = await page.evaluate(async () => {
    const { model, workersStarted } = globalThis as Scope;
    const [worker] = workersStarted.slice(-1);
    worker.terminate();
    worker.dispatchEvent(new ErrorEvent('error', { message: 'a crash' }));
    const data = new Float32Array(21 * 784).fill(0.5); // more than is ever kept
    const pixel_values = { datatype: 'FP32', shape: [21, 1, 28, 28], data };
    const { output } = await model.run({ tensors: { pixel_values } }, { transfer: true });
    return output.tensors.logits.shape;
  });
  expect(shape).toEqual([21, 10]);
});

test.describe('a run takes as long as it likes', () => {
  test.use({ watchdogMs: 60_000 });

  for (const [items, outcome] of [
    [20, 'kept, and done again'],
    [21, 'too large to be kept, and says so'],
  ] as const) {
    test(`lost in the middle of its run, an input of ${items * 3_136} bytes is ${outcome}`, async ({
      page,
    }) => {
      const seen = await page.evaluate(async (items) => {
        const { model, workersStarted, settle } = globalThis as Scope;
        const run = (largest: number) => {
          const data = new Float32Array(items * 784).fill(0.5);
          data[783] = largest;
          const shape = [items, 1, 28, 28];
          return model.run({ tensors: { pixel_values: { datatype: 'FP32', shape, data } } });
        };
        let largest = 100;
        while ((await run(largest)).meta.runMs < 100) largest *= 2;
        const begun = workersStarted.length;
        const lost = settle(run(10 * largest)); // ten times what is waited below
        await new Promise((resolve) => setTimeout(resolve, 100));
        const [worker] = workersStarted.slice(-1);
        worker.terminate();
        worker.dispatchEvent(new ErrorEvent('error', { message: 'a crash' }));
        const { shape, code, message, retryable } = await lost;
        const next = await run(0.5);
        const started = workersStarted.length - begun;
        return { shape, code, message, retryable, started, next: next.output.tensors.logits.shape };
      }, items);
      const { shape, code, message, retryable } = seen;
      expect(seen).toMatchObject({ started: 1, next: [items, 10] });
      if (items === 20) expect(shape).toEqual([20, 10]);
      else
        expect([code, retryable, message]).toEqual([
          'worker-lost',
          true,
          expect.stringContaining('65536 bytes'),
        ]);
    });
  }
});

test.describe('a worker may be silent for half a second', () => {
  test.use({ watchdogMs: 500 });

  test('profile, warm and storage end with a worker that does not answer, and the next call succeeds', async ({
    page,
  }) => {
    const seen = await page.evaluate(async () => {
      const { model, pixels, settle } = globalThis as Scope;
      await model.run(pixels(0.5));
      /** From now on the worker does not hear this. */
      let unheard = '';
      const { postMessage } = MessagePort.prototype;
      MessagePort.prototype.postMessage = function (...given: Scope) {
        if (given[0]?.path?.[0] !== unheard) Reflect.apply(postMessage, this, given);
      };
      const ends = [];
      const calls = {
        profile: () => model.profile(pixels(0.5), { runs: 2 }),
        warm: () => model.warm(),
        storage: () => model.storage(),
      };
      for (const [name, call] of Object.entries(calls)) {
        unheard = name;
        const { code, retryable } = await settle(call());
        const next = (await model.run(pixels(0.5), { transfer: true })).output.tensors.logits
          .data[0];
        unheard = '';
        const again = await settle(call());
        ends.push([name, code, retryable, next, again?.code ?? 'fine']);
      }
      const leaving = new AbortController();
      unheard = 'profile';
      const { signal } = leaving;
      const left = settle(model.profile(pixels(0.5), { runs: 100, signal }));
      setTimeout(() => leaving.abort(new Error('enough')), 1_000); // of the 50 s that 100 runs have
      const { message } = await left;
      return { ends, message };
    });
    expect(seen).toEqual({
      ends: [
        ['profile', 'terminated', true, 0.5, 'fine'],
        ['warm', 'terminated', true, 0.5, 'fine'],
        ['storage', 'terminated', true, 0.5, 'fine'],
      ],
      message: 'enough',
    });
  });
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
