import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { makePatient } from './change-digits.js';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
/** A model with state. */
let leaky: Awaited<ReturnType<typeof serveFixture>>;
/** A stream of it, as ONNX Runtime in Python computes it. */
let known: { readonly x: number[][]; readonly y: number[][] };

test.beforeAll(async () => {
  site = await serveBarePage();
  digits = await serveDigits();
  leaky = await serveFixture('leaky-sum');
  known = JSON.parse(await readFile(`${root}tests/fixtures/leaky-sum/stream.json`, 'utf8'));
});

test.afterAll(async () => {
  await Promise.all([site.close(), digits.close(), leaky.close()]);
});

test.beforeEach(async ({ page, ownPage }) => {
  if (ownPage) await page.clock.install();
  await preparePage(page);
});

async function preparePage(page: Page): Promise<void> {
  await gotoBarePage(page, site.url);
  await page.evaluate((address) => {
    const scope = globalThis as Scope;
    scope.startEngine = (options: object) => {
      scope.engine = scope.nearside.createEngine(options);
      scope.openOne = (more: object = {}) =>
        scope.engine.open(address.url, {
          trust: address.trust,
          backend: 'onnx-wasm',
          policy: { update: 'manual' },
          ...more,
        });
    };
    scope.codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'fine',
        (error) => error.code ?? error.message,
      );
    scope.stateful = ({ url, trust }: { url: string; trust: string }) =>
      scope.engine.open(url, { trust, backend: 'onnx-wasm', policy: { update: 'manual' } });
    scope.frame = (row: number[]) => ({
      tensors: { x: { datatype: 'FP32', shape: [1, 4], data: Float32Array.from(row) } },
    });
    scope.valuesOf = ({ output }: Scope) => [...output.tensors.y.data];
    scope.labelOf = async (model: Scope) => (await model.run(scope.one())).output[0].label;
    /** Several items in one tensor: it is never batched with others. */
    scope.several = (items: number) => {
      const data = Float32Array.from({ length: items * 784 }, (_, i) => (i % 29) / 29);
      return { tensors: { pixel_values: { datatype: 'FP32', shape: [items, 1, 28, 28], data } } };
    };
  }, digits.address);
}

test('a pool of two workers reads 64 digits at once, each as it should be, and computes the same bits in both', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ workers: 2 });
    const { engine, one, several } = scope;
    const model = await scope.openOne();
    while (model.stats().workers < 2) await scope.labelOf(model);
    const results = await Promise.all(Array.from({ length: 64 }, () => model.run(one())));
    const bits = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { output } = await model.run(several(3));
        return new Uint32Array(output.tensors.logits.data.slice().buffer).join();
      }),
    );
    const { workers } = engine.stats();
    await model.close();
    return {
      labels: [...new Set(results.map(({ output }) => output[0].label))],
      differentBits: new Set(bits).size,
      workers: workers.map(({ backend, models }: Scope) => `${models} on ${backend}`),
      left: engine.stats().workers.length,
    };
  });
  expect(seen).toEqual({
    labels: ['1'],
    differentBits: 1,
    workers: ['1 on onnx-wasm', '1 on onnx-wasm'],
    left: 0,
  });
});

test('streams of a pool each keep their state, beside each other and beside runs', async ({
  page,
}) => {
  const seen = await page.evaluate(
    async ({ address, x }) => {
      const scope = globalThis as Scope;
      scope.startEngine({ workers: 2 });
      const { frame, valuesOf } = scope;
      const model = await scope.stateful(address);
      while (model.stats().workers < 2) await model.run(frame(x[0] as number[]));
      const frames = x.map(frame);
      const streams = Array.from({ length: 3 }, () => model.stream(frames, { maxWaiting: 8 }));
      const results = await Promise.all(
        streams.map(async (stream) => {
          const values = [];
          for await (const result of stream) {
            values.push(valuesOf(result));
            valuesOf(await model.run(frames[0])); // a fresh start, on whichever worker
          }
          return values;
        }),
      );
      await model.warm();
      const { workers, errors } = model.stats();
      await model.close();
      return { results, workers, errors };
    },
    { address: leaky.address, x: known.x },
  );
  expect(seen).toEqual({ results: [known.y, known.y, known.y], workers: 2, errors: {} });
});

test('with one worker of a pool its stream loses its state, and the stream in the other goes on', async ({
  page,
}) => {
  await page.evaluate(keepWorkers);
  const seen = await page.evaluate(
    async ({ address: { url, trust }, x }) => {
      const scope = globalThis as Scope;
      scope.startEngine({ workers: 2 });
      const { frame, valuesOf, codeOf } = scope;
      const policy = { update: 'manual', watchdogMs: 1_000 };
      const model = await scope.engine.open(url, { trust, backend: 'onnx-wasm', policy });
      const frames = x.map(frame);
      while (model.stats().workers < 2) await model.run(frames[0]);
      const streams = [0, 1].map(() => model.stream(frames, { maxWaiting: 1 }));
      const values: number[][][] = [[], []];
      for (const [i, stream] of streams.entries()) {
        values[i]?.push(valuesOf((await stream.next()).value));
      }
      scope.workersStarted[0].terminate();
      const ends = await Promise.all(
        streams.map(async (stream, i) => {
          const rest = async () => {
            for await (const result of stream) values[i]?.push(valuesOf(result));
          };
          return codeOf(rest());
        }),
      );
      const whole = values.filter(({ length }) => length === x.length);
      await model.run(frames[0]);
      await model.close();
      return { ends: ends.sort(), whole };
    },
    { address: leaky.address, x: known.x },
  );
  expect(seen).toEqual({ ends: ['fine', 'state-lost'], whole: [known.y] });
});

test('a pool serves on while one of its workers hangs, and is whole again when that is ended', async ({
  page,
}) => {
  const patient = await serveDigits();
  await patient.release({ version: '1.1.0', sequence: 2, change: makePatient });
  const seen = await page.evaluate(async (address) => {
    const scope = globalThis as Scope;
    scope.startEngine({ workers: 2 });
    const { url, trust } = address;
    const options = { trust, backend: 'onnx-wasm', policy: { update: 'manual' } };
    const model = await scope.engine.open(url, options);
    /** Its largest pixel sets how long the model runs. */
    const run = (largest: number, more: object = {}) => {
      const data = new Float32Array(784).fill(0.5);
      data[783] = largest;
      const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data };
      return model.run({ tensors: { pixel_values } }, more);
    };
    const whole = async () => {
      while (model.stats().workers < 2) await run(0.5);
    };
    await whole();
    const controller = new AbortController();
    const hanging = scope.codeOf(run(1e18, { signal: controller.signal, terminate: true }));
    await new Promise(requestAnimationFrame);
    const beside = [];
    for (let i = 0; i < 20; i += 1) beside.push(await scope.codeOf(run(0.5, { timeoutMs: 2_000 })));
    controller.abort(new Error('enough'));
    const hung = await hanging;
    const after = await scope.codeOf(run(0.5));
    await whole();
    return { beside: [...new Set(beside)], hung, after, errors: model.stats().errors };
  }, patient.address);
  expect(seen).toEqual({ beside: ['fine'], hung: 'enough', after: 'fine', errors: {} });
  await patient.close();
});

test.describe(() => {
  test.use({ ownPage: true }); // whose clock is the test's

  test('`auto` grows under a flood and shrinks after it', async ({ page }) => {
    const grown = await page.evaluate(async () => {
      const scope = globalThis as Scope;
      scope.startEngine({ workers: 'auto' });
      const { several } = scope;
      scope.model = await scope.openOne();
      const first = scope.model.stats().workers;
      const outcomes = new Set<string>();
      let floods = 0;
      while (scope.model.stats().workers < 2 && floods < 400) {
        const flood = Array.from({ length: 32 }, () => scope.codeOf(scope.model.run(several(64))));
        for (const outcome of await Promise.all(flood)) outcomes.add(outcome);
        floods += 1;
      }
      return { first, grownTo: scope.model.stats().workers, outcomes: [...outcomes] };
    });
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    expect(grown).toEqual({ first: 1, grownTo: Math.min(2, cores), outcomes: ['fine'] });
    await page.clock.fastForward(31_000);
    await expect.poll(() => workersOfModel(page)).toBe(1);
    expect(
      await page.evaluate(() => (globalThis as Scope).labelOf((globalThis as Scope).model)),
    ).toBe('1');
  });
});

test('models that ask for another number of threads have it, in a worker of their own', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ threads: 1 });
    const wanted = [{}, { threads: 64 }, { threads: 1 }];
    const models = await Promise.all(wanted.map((options) => scope.openOne(options)));
    const results = await Promise.all(models.map((model) => model.run(scope.one())));
    const workers = scope.engine.stats().workers.map(({ models }: Scope) => models);
    await scope.engine.close();
    return {
      labels: results.map(({ output }) => output[0].label),
      threads: results.map(({ meta }) => meta.threads),
      workers: workers.sort(),
    };
  });
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(seen).toEqual({ labels: ['1', '1', '1'], threads: [1, cores, 1], workers: [1, 2] });
});

test('over the memory budget the model not used for longest rests, and its next call is served', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ memoryBudgetBytes: 60_000_000 }); // two of 25 MB
    const { engine, labelOf } = scope;
    const models = [];
    for (let i = 0; i < 3; i += 1) models.push(await scope.openOne());
    const resting = () => engine.stats().models.map(({ isResting }: Scope) => isResting);
    const afterOpening = resting();
    const labels = [await labelOf(models[0])];
    const afterFirst = resting();
    labels.push(...(await Promise.all(models.map(labelOf))));
    await Promise.all(models.map((model) => model.run(scope.one())));
    const { declaredBytes, workers } = engine.stats();
    const errors = models.map((model) => Object.keys(model.stats().errors).length);
    await engine.close();
    return { afterOpening, afterFirst, labels, errors, declaredBytes, workers: workers.length };
  });
  expect(seen).toMatchObject({
    afterOpening: [true, false, false],
    afterFirst: [false, true, false],
    labels: ['1', '1', '1', '1'],
    errors: [0, 0, 0],
    workers: 1,
  });
  expect(seen.declaredBytes).toBeLessThan(60_000_000);
});

test('a faster backend is not looked for where another model would have to rest for it', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ memoryBudgetBytes: 60_000_000 }); // two of 25 MB
    const { engine } = scope;
    await scope.openOne();
    const model = await scope.openOne({ backend: undefined, tune: 'before-open' });
    const table = await model.explainBackend();
    const resting = engine.stats().models.map(({ isResting }: Scope) => isResting);
    const { choice, quarantined } = model.stats();
    await engine.close();
    return { resting, choice, quarantined, table };
  });
  expect(seen).toMatchObject({ resting: [false, false], choice: 'prior', quarantined: [] });
  const reasons = seen.table.map(({ message }: Scope) => message);
  expect(reasons).toContain('no room beside what is loaded within `memoryBudgetBytes`');
});

test('a model larger than the budget is out-of-memory, and nothing is left of it', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ memoryBudgetBytes: 10_000_000 });
    const error = await scope.openOne({ backend: undefined }).catch((error: Scope) => error);
    return { code: error.code, details: error.details };
  });
  expect(seen).toEqual({
    code: 'out-of-memory',
    details: { model: 'digits', memoryBytes: 25_165_824, memoryBudgetBytes: 10_000_000 },
  });
  await expect
    .poll(() => page.evaluate(() => (globalThis as Scope).engine.stats().workers))
    .toEqual([]);
});

test.describe(() => {
  test.use({ ownPage: true }); // whose clock is the test's

  test('a model that nobody uses rests after `idleMs` and ends its worker; a call, or warm(), brings it back', async ({
    page,
  }) => {
    await page.evaluate(async () => {
      const scope = globalThis as Scope;
      scope.startEngine({ idleMs: 60_000 });
      scope.model = await scope.openOne();
      await scope.labelOf(scope.model);
    });
    const workers = () => page.evaluate(() => (globalThis as Scope).engine.stats().workers.length);
    await page.clock.fastForward(50_000);
    expect(await workers()).toBe(1);
    await page.clock.fastForward(20_000);
    await expect.poll(workers).toBe(0);
    expect(
      await page.evaluate(() => (globalThis as Scope).labelOf((globalThis as Scope).model)),
    ).toBe('1');
    await page.clock.fastForward(70_000);
    await expect.poll(workers).toBe(0);
    const warmed = await page.evaluate(async () => {
      const { model } = globalThis as Scope;
      await model.warm();
      await model.warm();
      const { ok, workers, heapBytes } = model.stats();
      return { ok, workers, holds: heapBytes > 1_000_000 };
    });
    expect(warmed).toEqual({ ok: 2, workers: 1, holds: true });
  });

  test('an update, or a look at the storage, wakes a model at rest no longer than a call does', async ({
    page,
  }) => {
    const own = await serveDigits();
    await page.evaluate(async ({ url, trust }) => {
      const scope = globalThis as Scope;
      scope.startEngine({ idleMs: 60_000 });
      const policy = { update: 'manual' };
      scope.model = await scope.engine.open(url, { trust, backend: 'onnx-wasm', policy });
      await scope.labelOf(scope.model);
    }, own.address);
    const workers = () => page.evaluate(() => (globalThis as Scope).engine.stats().workers.length);
    async function rests(): Promise<void> {
      await page.clock.fastForward(70_000);
      await expect.poll(workers).toBe(0);
    }
    const update = () => page.evaluate(() => (globalThis as Scope).model.update());
    await rests();
    expect(await update()).toBeUndefined();
    await rests();
    await page.evaluate(() => (globalThis as Scope).model.storage());
    await rests();
    await own.release({ version: '1.1.0', sequence: 2 });
    expect(await update()).toMatchObject({ version: '1.1.0' });
    await rests();
    const after = await page.evaluate(async () => {
      const { model, labelOf } = globalThis as Scope;
      return { label: await labelOf(model), version: model.stats().version };
    });
    expect(after).toEqual({ label: '1', version: '1.1.0' });
    await own.close();
  });

  test('a pool of the backend that was measured to be the faster serves, rests and comes back', async ({
    page,
  }) => {
    const before = await page.evaluate(async ({ url, trust }) => {
      const scope = globalThis as Scope;
      scope.startEngine({ workers: 2, idleMs: 60_000 });
      const policy = { update: 'manual' };
      const tune = 'before-open';
      scope.model = await scope.engine.open(url, { trust, policy, tune });
      const { model } = scope;
      const labels = new Set();
      for (let i = 0; i < 5 || model.stats().workers < 2; i += 1)
        labels.add(await scope.labelOf(model));
      const { choice, quarantined, backend, errors } = model.stats();
      return { labels: [...labels], choice, quarantined, backend, errors };
    }, digits.address);
    expect(before).toMatchObject({
      ...{ labels: ['1'], choice: 'measured', quarantined: [], errors: {} },
    });
    const workers = () =>
      page.evaluate(() =>
        (globalThis as Scope).engine.stats().workers.map(({ backend }: Scope) => backend),
      );
    await expect.poll(workers).toEqual([before.backend, before.backend]);
    await page.clock.fastForward(70_000);
    await expect.poll(workers).toEqual([]);
    const after = await page.evaluate(async () => {
      const scope = globalThis as Scope;
      const label = await scope.labelOf(scope.model);
      const { backend, errors } = scope.model.stats();
      return { label, backend, errors };
    });
    expect(after).toEqual({ label: '1', backend: before.backend, errors: {} });
  });

  test('a model is not put to rest while a stream has state in it; after that it is, and the next stream wakes it', async ({
    page,
  }) => {
    await page.evaluate(
      async ({ address, x }) => {
        const scope = globalThis as Scope;
        scope.startEngine({ idleMs: 60_000 });
        scope.model = await scope.stateful(address);
        scope.frames = x.map(scope.frame);
        scope.streams = [scope.model.stream(scope.frames, { maxWaiting: 1 })];
        scope.values = [scope.valuesOf((await scope.streams[0].next()).value)];
      },
      { address: leaky.address, x: known.x },
    );
    const workers = () => page.evaluate(() => (globalThis as Scope).engine.stats().workers.length);
    await page.clock.fastForward(70_000);
    expect(await workers()).toBe(1);
    const values = await page.evaluate(async () => {
      const { streams, values, valuesOf } = globalThis as Scope;
      for await (const result of streams[0]) values.push(valuesOf(result));
      return values;
    });
    expect(values).toEqual(known.y);
    await page.clock.fastForward(70_000);
    await expect.poll(workers).toBe(0);
    const again = await page.evaluate(async () => {
      const { model, frames, valuesOf } = globalThis as Scope;
      const values = [];
      for await (const result of model.stream(frames)) values.push(valuesOf(result));
      return values;
    });
    expect(again).toEqual(known.y);
  });
});

test('a worker whose heap has outgrown its models is replaced while it is idle', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({});
    const model = await scope.openOne();
    const before = model.stats().heapBytes;
    const { output } = await model.run(scope.several(4000));
    const label = await scope.labelOf(model);
    const { heapBytes, errors } = model.stats();
    await model.close();
    const [items] = output.tensors.logits.shape;
    return { before, after: heapBytes, label, errors, items };
  });
  expect(seen).toMatchObject({ label: '1', errors: {}, items: 4000 });
  expect(seen.after).toBeLessThan(2 * seen.before);
});

test('opening a model twice at once downloads it once, and gives two models', async ({ page }) => {
  const chunks: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/chunks/')) chunks.push(request.url());
  });
  const labels = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({});
    const [first, second] = await Promise.all([scope.openOne(), scope.openOne()]);
    const label = await scope.labelOf(first);
    await first.close();
    return [label, await scope.labelOf(second)];
  });
  expect(labels).toEqual(['1', '1']);
  expect(chunks.length).toBe(new Set(chunks).size);
});

test('closing an engine closes its models, ends what is being opened, and every worker', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const scope = globalThis as Scope;
    scope.startEngine({ workers: 2 });
    const { engine, codeOf, one } = scope;
    const model = await scope.openOne();
    const running = codeOf(model.run(one()));
    const opening = codeOf(scope.openOne());
    await engine.close();
    const codes = [await running, await opening, await codeOf(model.run(one()))];
    return { codes, later: await codeOf(scope.openOne()) };
  });
  expect(seen).toEqual({ codes: ['closed', 'closed', 'closed'], later: 'closed' });
  await expect
    .poll(() => page.evaluate(() => (globalThis as Scope).engine.stats().workers))
    .toEqual([]);
});

function workersOfModel(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as Scope).model.stats().workers);
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
