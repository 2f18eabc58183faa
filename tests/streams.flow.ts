import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

const require = createRequire(import.meta.url);

let site: Awaited<ReturnType<typeof serveBarePage>>;
let leaky: Awaited<ReturnType<typeof serveFixture>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
/** A stream of the leaky sum, as ONNX Runtime in Python computes it. */
let known: { readonly x: number[][]; readonly y: number[][] };

test.beforeAll(async () => {
  site = await serveBarePage();
  leaky = await serveFixture('leaky-sum');
  digits = await serveDigits();
  known = JSON.parse(await readFile(`${root}tests/fixtures/leaky-sum/stream.json`, 'utf8'));
});

test.afterAll(async () => {
  await Promise.all([site.close(), leaky.close(), digits.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
  await page.evaluate((x) => {
    const scope = globalThis as Scope;
    const input = (row: number[]) => ({
      tensors: { x: { datatype: 'FP32', shape: [1, 4], data: Float32Array.from(row) } },
    });
    scope.inputs = x.map(input);
    scope.valuesOf = ({ output }: Scope) => [...output.tensors.y.data];
    /** Whatever starts a worker from now on: each can be ended as a crash would. */
    scope.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        scope.workers.push(this);
      }
    };
    scope.codeOf = (error: Scope) => error.code ?? error.message;
    /** A source that says whether it was left, and how much was taken of it. */
    scope.observed = (inputs: unknown[]) => {
      const seen = {
        taken: 0,
        left: false,
        async *[Symbol.asyncIterator]() {
          try {
            for (const input of inputs) {
              seen.taken += 1;
              yield input;
            }
          } finally {
            seen.left = true;
          }
        },
      };
      return seen;
    };
  }, known.x);
});

for (const backend of ['onnx-wasm', 'tfjs-wasm'] as const) {
  test.describe(backend, () => {
    test.beforeEach(async ({ page }) => {
      await page.evaluate(
        async ({ url, trust, backend }) => {
          const scope = globalThis as Scope;
          scope.model = await scope.nearside.open(url, { trust, backend });
        },
        { ...leaky.address, backend },
      );
    });

    test('a stream carries its state from frame to frame, as another runtime does', async ({
      page,
    }) => {
      const { results, stats, tensors } = await page.evaluate(async () => {
        const { model, inputs, valuesOf } = globalThis as Scope;
        const results = [];
        let tensors: string[] = [];
        const stream = model.stream(inputs);
        for await (const result of stream) {
          results.push([result.index, result.meta.backend, valuesOf(result)]);
          tensors = Object.keys(result.output.tensors);
        }
        return { results, stats: stream.stats, tensors };
      });
      expect(results).toEqual(known.y.map((values, i) => [i, backend, values]));
      expect(stats).toMatchObject({ frames: known.x.length, dropped: 0, skipped: 0 });
      expect(stats.lagMs.p50).toBeGreaterThan(0);
      expect(tensors).toEqual(['y']);
    });

    test('each run is a fresh start; streams at the same time, and runs between, do not meet', async ({
      page,
    }) => {
      const [runs, first, second] = await page.evaluate(async () => {
        const { model, inputs, valuesOf } = globalThis as Scope;
        const streams = [model.stream(inputs), model.stream(inputs)];
        const results: number[][][] = [[], [], []];
        for (const input of inputs) {
          for (const [i, stream] of streams.entries()) {
            results[i + 1]?.push(valuesOf((await stream.next()).value));
          }
          results[0]?.push(valuesOf(await model.run(input)));
        }
        return results;
      });
      expect(first).toEqual(known.y);
      expect(second).toEqual(known.y);
      expect(runs).toEqual(known.x.map((row) => row.map((x) => x + x)));
    });

    test('a model with state is profiled from zeros, as it is run', async ({ page }) => {
      const operators = await page.evaluate(async () => {
        const { model, inputs } = globalThis as Scope;
        return (await model.profile(inputs[0], { runs: 2 })).operators;
      });
      expect(operators.length).toBeGreaterThan(0);
    });

    test('an endless stream leaves runs their turn, and goes on between them', async ({ page }) => {
      const seen = await page.evaluate(async () => {
        const { model, inputs, valuesOf } = globalThis as Scope;
        function* endless() {
          for (;;) yield* inputs;
        }
        const stream = model.stream(endless());
        let read = 0;
        const reading = (async () => {
          for await (const _ of stream) read += 1;
        })();
        const values = [];
        const reads = [];
        for (const priority of ['background', 'normal', 'interactive']) {
          values.push(valuesOf(await model.run(inputs[0], { priority })));
          const before = read;
          while (read < before + 100) await new Promise((resolve) => setTimeout(resolve));
          reads.push(read - before >= 100);
        }
        await stream.return();
        await reading;
        return { values, reads };
      });
      const [first = []] = known.x;
      const doubled = first.map((x) => x + x);
      expect(seen).toEqual({ values: [doubled, doubled, doubled], reads: [true, true, true] });
    });

    test('after reset a stream goes on as a fresh one does', async ({ page }) => {
      const { before, after, stats } = await page.evaluate(async () => {
        const { model, inputs, valuesOf } = globalThis as Scope;
        let seek = () => {};
        async function* file() {
          yield* inputs.slice(0, 6);
          await new Promise<void>((resolve) => {
            seek = resolve;
          });
          yield* inputs;
        }
        const stream = model.stream(file());
        const before = [];
        for (let i = 0; i < 4; i += 1) before.push(valuesOf((await stream.next()).value));
        // Two more fit ahead of the reader, however slow the model is.
        while (stream.stats.frames < 6) await new Promise((resolve) => setTimeout(resolve));
        stream.reset();
        seek();
        const after = [];
        for await (const result of stream) after.push([result.index, valuesOf(result)]);
        return { before, after, stats: stream.stats };
      });
      expect(before).toEqual(known.y.slice(0, 4));
      expect(after).toEqual(known.y.map((values, i) => [6 + i, values]));
      expect(stats).toMatchObject({ frames: 46, dropped: 2 });
    });
  });
}

test('Silero VAD hears where the vowels are, bit for bit as with its state fed by hand', async ({
  page,
}) => {
  const dist = dirname(require.resolve('@ricky0123/vad-web'));
  const files = { 'model.onnx': join(dist, 'silero_vad_v5.onnx') };
  const fixture = `${root}tests/fixtures/silero-vad`;
  const signal = [...new Uint8Array(await readFile(`${fixture}/signal.bin`))];
  const expected: number[] = JSON.parse(await readFile(`${fixture}/stream.json`, 'utf8'));
  const [carried, byHand] = await Promise.all([
    serveFixture('silero-vad', { files }),
    serveFixture('silero-vad', { files, edit: (spec) => delete spec.state }),
  ]);
  try {
    const { streamed, fed } = await page.evaluate(
      async ({ carried, byHand, signal }) => {
        const { nearside } = globalThis as Scope;
        const samples = new Int16Array(new Uint8Array(signal).buffer);
        const fp32 = (shape: number[], data: Float32Array) => ({ datatype: 'FP32', shape, data });
        const sr = { datatype: 'INT64', shape: [], data: BigInt64Array.of(16_000n) };
        const frames = Array.from({ length: samples.length / 512 }, (_, i) => {
          const frame = samples.subarray(i * 512, (i + 1) * 512);
          return {
            input: fp32(
              [1, 512],
              Float32Array.from(frame, (v) => v / 32_768),
            ),
            sr,
          };
        });
        const model = await nearside.open(carried.url, { trust: carried.trust });
        const streamed = [];
        for await (const { output } of model.stream(frames.map((tensors) => ({ tensors })))) {
          streamed.push(output.tensors.output.data[0]);
        }
        await model.close();
        await nearside.clear({ everything: true });
        const open = await nearside.open(byHand.url, { trust: byHand.trust });
        const fed = [];
        let state: unknown = fp32([2, 1, 128], new Float32Array(256));
        for (const frame of frames) {
          const { output } = await open.run({ tensors: { ...frame, state } });
          state = output.tensors.stateN;
          fed.push(output.tensors.output.data[0]);
        }
        await open.close();
        return { streamed, fed };
      },
      { carried: carried.address, byHand: byHand.address, signal },
    );
    expect(streamed).toEqual(fed);
    expect(streamed).toHaveLength(expected.length);
    for (const [i, score] of streamed.entries()) {
      expect(Math.abs(score - (expected[i] as number))).toBeLessThan(1e-4);
    }
  } finally {
    await Promise.all([carried.close(), byHand.close()]);
  }
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
  }, leaky.address);
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
    const { nearside, inputs, observed, workers, valuesOf, codeOf } = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 1_000 };
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    const source = observed(inputs);
    const stream = model.stream(source, { maxWaiting: 1 });
    await stream.next();
    for (const worker of workers) worker.terminate();
    const lost = await stream.next().catch(codeOf);
    const over = (await stream.next()).done;
    const run = valuesOf(await model.run(inputs[0]));
    const again = [];
    for await (const result of model.stream(inputs)) again.push(valuesOf(result));
    return { lost, over, left: source.left, run, again, errors: model.stats().errors };
  }, leaky.address);
  const [first = []] = known.x;
  expect(seen).toEqual({
    lost: 'state-lost',
    over: true,
    left: true,
    run: first.map((x) => x + x),
    again: known.y,
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
    expect(seen.values).toEqual(known.y);
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
      { ...digits.address, backend },
    );
    const wanted: unknown[] = seen.alone.map((label: string, i: number) => [i, label]);
    expect(seen.results).toEqual(wanted.filter((_, index) => index !== 7));
    expect(seen.skipped).toBe(1);
    expect(seen.ended).toEqual([0, 1, 2, 3, 4, 5, 6, 'decode-failed']);
  });
}

test('without state a stream goes on when its worker is lost, and no frame is', async ({
  page,
}) => {
  const indexes = await page.evaluate(async ({ url, trust }) => {
    const { nearside, stroke, workers } = globalThis as Scope;
    const policy = { update: 'manual', watchdogMs: 1_000 };
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm', policy });
    const pictures = Array.from({ length: 20 }, () => stroke(13));
    const indexes = [];
    for await (const { index } of model.stream(pictures)) {
      indexes.push(index);
      if (index === 5) for (const worker of workers.splice(0)) worker.terminate();
    }
    return indexes;
  }, digits.address);
  expect(indexes).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('a slow reader of a camera gets recent frames; the rest is dropped and counted', async ({
  page,
}) => {
  const { indexes, stats } = await page.evaluate(async ({ url, trust }) => {
    const { nearside, stroke } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    async function* camera() {
      for (let i = 0; i < 60; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        yield stroke(13);
      }
    }
    const stream = model.stream(camera(), { backpressure: 'drop-oldest', maxWaiting: 2 });
    const indexes = [];
    for await (const { index } of stream) {
      indexes.push(index);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return { indexes, stats: stream.stats };
  }, digits.address);
  expect(stats.frames).toBe(60);
  expect(stats.dropped).toBeGreaterThan(10);
  expect(indexes.length + stats.dropped).toBe(60);
  expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
  expect(indexes.at(-1)).toBe(59);
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
  }, leaky.address);
  expect(said).toEqual(['RangeError', 'RangeError', 'RangeError', 'TypeError', 'TypeError']);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
