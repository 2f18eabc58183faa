import { expect } from '@playwright/test';
import { test } from './cleared-page.js';
import { serveFixture } from './serve-fixture.js';
import { serveStreams } from './serve-streams.js';
import { gotoStreamPage } from './stream-page.js';

let served: Awaited<ReturnType<typeof serveStreams>>;

test.beforeAll(async () => {
  served = await serveStreams();
});

test.afterAll(async () => {
  await served.close();
});

test.beforeEach(async ({ page }) => {
  await gotoStreamPage(page, { url: served.site.url, x: served.known.x });
});

test('leaving, aborting, closing and a failing source each end it, and the source is left', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, inputs, observed, codeOf } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    /** Reads some results, does something, and says what the reader gets then. */
    const readThen = async (stream: Scope, act: () => void) => {
      for (let i = 0; i < 3; i += 1) await stream.next();
      const pending = stream.next();
      act();
      await pending.catch(() => {});
      const end = await stream.next().catch(codeOf);
      return [await pending.then(({ done }: Scope) => done ?? false, codeOf), end.done ?? end];
    };
    const left = observed(inputs);
    for await (const _ of model.stream(left)) break;
    const aborted = observed(inputs);
    const controller = new AbortController();
    const abort = await readThen(model.stream(aborted, { signal: controller.signal }), () =>
      controller.abort(new Error('enough')),
    );
    async function* failing() {
      yield* inputs.slice(0, 5);
      throw new Error('the microphone was unplugged');
    }
    const failed: unknown[] = [];
    try {
      for await (const { index } of model.stream(failing())) failed.push(index);
    } catch (error) {
      failed.push(codeOf(error));
    }
    const next = (await model.run(inputs[0])).meta.backend;
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const idle = model.stream(never).next().catch(codeOf);
    const closed = observed(inputs);
    const close = await readThen(model.stream(closed), () => void model.close());
    const late = await model.stream(inputs).next().catch(codeOf);
    await new Promise((resolve) => setTimeout(resolve));
    const sources = [left.left, aborted.left, closed.left];
    return { abort, failed, next, idle: await idle, close, late, sources };
  }, served.leaky.address);
  expect(seen).toEqual({
    abort: ['enough', true],
    failed: [0, 1, 2, 3, 4, 'the microphone was unplugged'],
    next: 'onnx-wasm',
    idle: 'closed',
    close: ['closed', true],
    late: 'closed',
    sources: [true, true, true],
  });
});

test('with its worker a stream loses its state, says so, and what comes next succeeds', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, inputs, observed, workersStarted, valuesOf, codeOf } = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 1_000 };
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    const source = observed(inputs);
    const stream = model.stream(source, { maxWaiting: 1 });
    await stream.next();
    for (const worker of workersStarted) worker.terminate();
    const lost = await stream.next().catch(codeOf);
    const over = (await stream.next()).done;
    const run = valuesOf(await model.run(inputs[0]));
    const again = [];
    for await (const result of model.stream(inputs)) again.push(valuesOf(result));
    return { lost, over, left: source.left, run, again, errors: model.stats().errors };
  }, served.leaky.address);
  const [first = []] = served.known.x;
  expect(seen).toEqual({
    lost: 'state-lost',
    over: true,
    left: true,
    run: first.map((x) => x + x),
    again: served.known.y,
    errors: { terminated: 1 },
  });
});

test('a stream with state stays on the version that it began with, beside a newer one', async ({
  page,
}) => {
  const updated = await serveFixture('leaky-sum');
  try {
    await page.evaluate(async ({ url, trust }) => {
      const scope = globalThis as Scope;
      const policy = { update: 'manual' };
      scope.model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm', policy });
      scope.stream = scope.model.stream(scope.inputs);
      scope.results = [(await scope.stream.next()).value];
    }, updated.address);
    await updated.release('1.1.0', 2);
    const seen = await page.evaluate(async () => {
      const { model, stream, results, inputs, valuesOf } = globalThis as Scope;
      await model.update();
      const runs = [];
      // As many as let the new version settle in, after which the old one leaves.
      for (let i = 0; i < 5; i += 1) runs.push((await model.run(inputs[0])).meta.version);
      for await (const result of stream) results.push(result);
      const versions = new Set(results.map(({ meta }: Scope) => meta.version));
      return { runs, versions: [...versions], values: results.map(valuesOf) };
    });
    expect(new Set(seen.runs)).toEqual(new Set(['1.1.0']));
    expect(seen.versions).toEqual(['1.0.0']);
    expect(seen.values).toEqual(served.known.y);
  } finally {
    await updated.close();
  }
});

for (const backend of ['onnx-wasm', 'tfjs-wasm'] as const) {
  test(`frames of a model without state on ${backend} come in order, also bad ones and canvases`, async ({
    page,
  }) => {
    const seen = await page.evaluate(
      async ({ url, trust, backend }) => {
        const { nearside, stroke, codeOf } = globalThis as Scope;
        const model = await nearside.open(url, { trust, backend });
        const canvas = document.createElement('canvas');
        Object.assign(canvas, { width: 28, height: 28 });
        const pictures = Array.from({ length: 30 }, (_, i) => stroke(4 + (i % 20)));
        canvas.getContext('2d')?.putImageData(pictures[9], 0, 0);
        const frames = pictures.map((picture, i) => {
          if (i === 9) return canvas;
          return i === 7 ? new Blob(['not a picture']) : picture;
        });
        const alone = [];
        for (const picture of pictures) alone.push((await model.run(picture)).output[0].label);
        const skipping = model.stream(frames, { onError: 'skip', topK: 1 });
        const results = [];
        for await (const { index, output } of skipping) results.push([index, output[0].label]);
        const ended = [];
        try {
          for await (const { index } of model.stream(frames)) ended.push(index);
        } catch (error) {
          ended.push(codeOf(error));
        }
        return { alone, results, ended, skipped: skipping.stats.skipped };
      },
      { ...served.digits.address, backend },
    );
    const wanted: unknown[] = seen.alone.map((label: string, i: number) => [i, label]);
    expect(seen.results).toEqual(wanted.filter((_, index) => index !== 7));
    expect(seen.skipped).toBe(1);
    expect(seen.ended).toEqual([0, 1, 2, 3, 4, 5, 6, 'decode-failed']);
  });
}

test('beside several fast streams ordinary calls find their places, and all succeed', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, inputs, valuesOf, codeOf } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    function* endless() {
      for (;;) yield* inputs;
    }
    const streams = Array.from({ length: 6 }, () => model.stream(endless()));
    const reading = streams.map(async (stream) => {
      for await (const _ of stream);
    });
    /** It is known by then how fast they are, and many frames cross together. */
    const areFast = () => streams.every(({ stats }) => stats.frames > 200);
    while (!areFast()) await new Promise((resolve) => setTimeout(resolve));
    const outcomes = new Set<unknown>();
    let waiting = 0;
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 60 }, () => model.run(inputs[0]).then(valuesOf, codeOf));
      waiting = Math.max(waiting, model.stats().waiting);
      for (const outcome of await Promise.all(calls)) outcomes.add(String(outcome));
    }
    await Promise.all(streams.map((stream) => stream.return()));
    await Promise.all(reading);
    return { outcomes: [...outcomes], waiting, errors: model.stats().errors };
  }, served.leaky.address);
  const [first = []] = served.known.x;
  expect(seen).toMatchObject({ outcomes: [String(first.map((x) => x + x))], errors: {} });
  expect(seen.waiting).toBeGreaterThan(64);
});

test('without state a stream goes on when its worker is lost, and no frame is', async ({
  page,
}) => {
  const indexes = await page.evaluate(async ({ url, trust }) => {
    const { nearside, stroke, workersStarted } = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 1_000 };
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    const pictures = Array.from({ length: 20 }, () => stroke(13));
    const indexes = [];
    for await (const { index } of model.stream(pictures)) {
      indexes.push(index);
      if (index === 5) for (const worker of workersStarted.splice(0)) worker.terminate();
    }
    return indexes;
  }, served.digits.address);
  expect(indexes).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('wrong options say what was expected', async ({ page }) => {
  const said = await page.evaluate(async ({ url, trust }) => {
    const { nearside, inputs } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    const wrong = [
      [inputs, { backpressure: 'push' }],
      [inputs, { maxWaiting: 0 }],
      [inputs, { onError: 'ignore' }],
      [inputs, { unknown: 1 }],
      [7, {}],
    ];
    const first = (args: unknown[]) =>
      model
        .stream(...args)
        .next()
        .catch((error: Error) => error.name);
    return Promise.all(wrong.map(first));
  }, served.leaky.address);
  expect(said).toEqual(['RangeError', 'RangeError', 'RangeError', 'TypeError', 'TypeError']);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
