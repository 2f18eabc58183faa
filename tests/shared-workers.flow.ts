import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { makePatient, makeUnprovable } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { shortenLimit } from './shorten-limit.js';

/** What loads has this long on a busy machine; what hangs a second, with `shortenLimit`. */
const WARM_UP_MS = 80_000;

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
/** Runs as long as the largest pixel of its input says. */
let patient: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  digits = await serveDigits();
  patient = await serveDigits();
  await patient.release({
    version: '1.1.0',
    sequence: 2,
    change: makePatient,
  });
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close(), patient.close()]);
});

test.beforeEach(async ({ page }) => {
  await page.addInitScript(keepWorkers);
  await gotoBarePage(page, site.url);
  await page.evaluate(
    ({ digits, patient, warmUpMs }) => {
      const scope = globalThis as Scope;
      scope.addresses = { digits, patient };
      scope.openOne = (name: string, options: object = {}) => {
        const { url, trust } = scope.addresses[name];
        const policy = { update: 'manual', watchdogMs: 3_000, warmUpMs };
        const alike = { backend: 'onnx-wasm', runtime: 'full' }; // the patient one needs all of it
        return scope.nearside.open(url, { trust, ...alike, policy, ...options });
      };
      /** One tensor of the patient model, whose largest pixel sets how long it runs. */
      scope.pixels = (largest: number) => {
        const data = new Float32Array(784).fill(0.5);
        data[783] = largest;
        return { tensors: { pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data } } };
      };
      scope.codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'fine',
          (error) => error.code ?? error.message,
        );
    },
    { digits: digits.address, patient: patient.address, warmUpMs: WARM_UP_MS },
  );
});

test('two models on one backend share a worker; closing one leaves the other, the last ends it', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { openOne, one, pixels, workersStarted } = globalThis as Scope;
    const [first, second] = await Promise.all([openOne('digits'), openOne('patient')]);
    const started = workersStarted.length;
    const together = await Promise.all([first.run(one()), second.run(pixels(0.5))]);
    await first.close();
    const left = (await second.run(pixels(0.5))).output.tensors.logits.data[0];
    const third = await openOne('digits');
    const again = (await third.run(one())).output[0].label;
    await Promise.all([second.close(), third.close()]);
    return {
      started,
      startedInAll: workersStarted.length,
      together: [together[0].output[0].label, together[1].output.tensors.logits.data[0]],
      left,
      again,
    };
  });
  expect(seen).toEqual({
    started: 1,
    startedInAll: 1,
    together: ['1', 0.5],
    left: 0.5,
    again: '1',
  });
  await expect.poll(() => liveWorkers(page)).toBe(0);
});

test('`isolate` gives a model a worker of its own', async ({ page }) => {
  const started = await page.evaluate(async () => {
    const { openOne, workersStarted } = globalThis as Scope;
    await openOne('digits');
    await openOne('digits', { isolate: true });
    await openOne('digits');
    return workersStarted.length;
  });
  expect(started).toBe(2);
});

test('what is wrong with one model stays its own: bad input, a failed check, a failed load', async ({
  page,
}) => {
  await digits.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => makeUnprovable(source),
  });
  const failing = await serveDigits();
  await failing.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => writeFile(join(source, 'int8/model.onnx'), 'not a model'),
  });
  const seen = await page.evaluate(async (failing) => {
    const { openOne, codeOf, pixels, addresses, workersStarted } = globalThis as Scope;
    addresses.failing = failing;
    const steady = await openOne('patient');
    const flow: string[] = [];
    let isDone = false;
    const running = (async () => {
      while (!isDone) flow.push(await codeOf(steady.run(pixels(0.5))));
    })();
    const bad = await codeOf(steady.run(new Blob(['not a picture'])));
    const mismatch = await codeOf(openOne('digits'));
    const unloadable = await codeOf(openOne('failing'));
    isDone = true;
    await running;
    const next = (await steady.run(pixels(0.5))).output.tensors.logits.data[0];
    await steady.close();
    return {
      bad,
      mismatch,
      unloadable,
      next,
      flow: [...new Set(flow)],
      started: workersStarted.length,
    };
  }, failing.address);
  expect(seen).toEqual({
    bad: 'decode-failed',
    mismatch: 'golden-mismatch',
    unloadable: 'backend-failed',
    next: 0.5,
    flow: ['fine'],
    started: 1,
  });
  await digits.revoke('1.1.0');
  await failing.close();
});

test('a model that hangs is ended; the one beside it is served again, its queued calls too', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { openOne, one, pixels, codeOf, workersStarted } = globalThis as Scope;
    const [steady, hanging] = await Promise.all([openOne('digits'), openOne('patient')]);
    const hung = codeOf(hanging.run(pixels(1e18), { transfer: true }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const calls = Array.from({ length: 40 }, () => steady.run(one()));
    const labels = (await Promise.all(calls)).map(({ output }) => output[0].label);
    const next = (await hanging.run(pixels(0.5))).output.tensors.logits.data[0];
    const { errors, backend } = steady.stats();
    // The one that hung is put where it disturbs nobody.
    const disturbed = codeOf(hanging.run(pixels(1e18), { transfer: true }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await steady.run(one(), { timeoutMs: 1_000 });
    await Promise.all([steady.close(), hanging.close()]);
    return {
      hung: await hung,
      labels: [...new Set(labels)],
      next,
      errors,
      backend,
      disturbed: await disturbed,
      started: workersStarted.length,
    };
  });
  expect(seen).toEqual({
    hung: 'terminated',
    labels: ['1'],
    next: 0.5,
    errors: {},
    backend: 'onnx-wasm',
    disturbed: 'closed',
    started: 3,
  });
});

test('a model that hangs while it loads does not keep the one beside it from opening', async ({
  page,
}) => {
  const hanging = await serveDigits();
  await hanging.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => cp(`${root}tests/fixtures/hanging.onnx`, `${source}/int8/model.onnx`),
  });
  const seen = await page.evaluate(async (hanging) => {
    const { openOne, one, codeOf, addresses } = globalThis as Scope;
    addresses.hanging = hanging;
    const policy = { update: 'manual', warmUpMs: 1_000 };
    const first = codeOf(openOne('hanging', { policy }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const steady = await openOne('digits');
    const { output } = await steady.run(one());
    await steady.close();
    return [await first, output[0].label];
  }, hanging.address);
  expect(seen).toEqual(['backend-failed', '1']);
  await hanging.close();
});

test('a candidate is tried in a worker of its own, and takes over there', async ({ page }) => {
  const updated = await serveDigits();
  const before = await page.evaluate(async (updated) => {
    const scope = globalThis as Scope;
    scope.addresses.updated = updated;
    scope.steady = await scope.openOne('patient');
    scope.model = await scope.openOne('updated');
    return scope.workersStarted.length;
  }, updated.address);
  expect(before).toBe(1);
  await updated.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => cp(`${root}tests/fixtures/hanging.onnx`, `${source}/int8/model.onnx`),
  });
  const [outcome, label] = await shortenLimit(page, WARM_UP_MS, () =>
    page.evaluate(async () => {
      const { model, steady, one, pixels, codeOf } = globalThis as Scope;
      const updating = codeOf(model.update());
      const label = (await model.run(one())).output[0].label;
      await steady.run(pixels(0.5));
      return [await updating, label];
    }),
  );
  expect([outcome, label]).toEqual(['backend-failed', '1']);
  await updated.release({ version: '1.2.0', sequence: 3 });
  const swapped = await page.evaluate(async () => {
    const { model, steady, one, pixels, workersStarted } = globalThis as Scope;
    await model.update();
    const { meta } = await model.run(one());
    await steady.run(pixels(0.5));
    return [meta.version, workersStarted.length];
  });
  expect(swapped).toEqual(['1.2.0', 3]);
  await updated.close();
});

test('an abort while opening detaches that caller only', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { openOne, one, codeOf, workersStarted } = globalThis as Scope;
    const outcomes = [];
    for (const delayMs of [0, 5, 30, 80, 150, 250, 400]) {
      const controller = new AbortController();
      const aborted = codeOf(openOne('digits', { signal: controller.signal }));
      const staying = openOne('digits');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      controller.abort(new Error('changed my mind'));
      const model = await staying;
      outcomes.push([(await model.run(one())).output[0].label, await aborted]);
      await model.close();
    }
    return { outcomes, started: workersStarted.length };
  });
  for (const [label, aborted] of seen.outcomes) {
    expect(label).toBe('1');
    expect(['changed my mind', 'fine']).toContain(aborted);
  }
  expect(seen.outcomes[0]).toEqual(['1', 'changed my mind']);
});

function liveWorkers(page: Page): number {
  return page.workers().filter((worker) => worker.url().includes('worker-onnx')).length;
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
