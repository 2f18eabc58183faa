import { expect } from '@playwright/test';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let drawings: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage('workshop');
  drawings = await serveDigits();
  await drawings.release({
    version: '2.0.0',
    sequence: 2,
    edit: (spec) => Object.assign(spec, { task: 'read-drawings' }),
  });
});

test.afterAll(async () => {
  await Promise.all([site.close(), drawings.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
  await page.evaluate(() => {
    const scope = globalThis as Scope;
    /** A one, drawn with characters. */
    scope.rows = () =>
      Array.from({ length: 28 }, (_, y) =>
        y < 5 || y > 22 ? '.'.repeat(28) : `${'.'.repeat(13)}##${'.'.repeat(13)}`,
      );
    scope.codeOf = (error: Scope) => error.code ?? error.message;
    scope.openUnsigned = async (task: string) => {
      const { nearside, urls, fetchBlob, startOwnWorker, digitsSpec } = scope;
      const { preprocessing } = digitsSpec;
      const spec = { name: 'digits', task, preprocessing };
      const file = await fetchBlob(urls.digitsUrl);
      return nearside.openUnsigned(file, spec, { worker: startOwnWorker });
    };
  });
});

test('a signed model runs a task of the app’s own in the app’s own worker, with its threads', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, rows, startOwnWorker } = globalThis as Scope;
    const model = await nearside.open(url, { trust, worker: startOwnWorker });
    const { output, meta } = await model.run({ rows: rows() });
    const scores = output.scores instanceof Float32Array && output.scores.length;
    const direct = await model.run({
      tensors: {
        pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data: new Float32Array(784) },
      },
    });
    const { operators } = await model.profile({ rows: rows() }, { runs: 1 });
    const { threads, verdict } = model.stats();
    await model.close();
    return {
      output: [output.digit, output.by, scores],
      meta: [meta.backend, meta.variant],
      direct: Object.keys(direct.output),
      hasOperators: operators.length > 0,
      threads: threads === Math.min(4, navigator.hardwareConcurrency),
      verdict,
    };
  }, drawings.address);
  expect(seen).toEqual({
    output: [1, 'digits', 10],
    meta: ['onnx-wasm', 'int8'],
    direct: ['tensors'],
    hasOperators: true,
    threads: true,
    verdict: 'proven',
  });
});

test('a worker that does not know the task is told so by a code, before weights are fetched', async ({
  page,
}) => {
  const weights: string[] = [];
  const chunks = await drawings.chunksOf('2.0.0', 'int8/model.onnx');
  page.on('request', (request) => {
    if (chunks.some((sha256) => request.url().includes(sha256))) weights.push(request.url());
  });
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, codeOf, openUnsigned } = globalThis as Scope;
    return [
      await nearside.open(url, { trust, store: 'memory' }).catch(codeOf),
      await openUnsigned('paint-digits').catch(codeOf),
    ];
  }, drawings.address);
  expect(seen).toEqual(['task-unknown', 'task-unknown']);
  expect(weights).toEqual([]);
});

test('what goes wrong in a task is that call’s alone, and says what', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { rows, codeOf, openUnsigned } = globalThis as Scope;
    const model = await openUnsigned('read-drawings');
    const failures = [
      await model.run({ mistake: 'throw' }).catch((error: Scope) => [error.code, error.message]),
      await model.run({ mistake: 'shape' }).catch(codeOf),
      await model.run({}).catch(codeOf),
      await model.run({ rows: () => rows() }).catch(codeOf),
      await model
        .run({ rows: () => rows() }, { transfer: true })
        .catch((error: Scope) => [error.code, /could not be cloned/.test(error.message)]),
      await model
        .run({
          get rows() {
            throw new Error('no paper');
          },
        })
        .catch((error: Scope) => [error.code, /no paper/.test(error.message)]),
      await model
        .run({
          get tensors() {
            throw new Error('no tensors');
          },
        })
        .catch((error: Scope) => [error.code, /no tensors/.test(error.message)]),
    ];
    const { output } = await model.run({ rows: rows() });
    const { errors, invalid, ok } = model.stats();
    await model.close();
    const other = await openUnsigned('return-functions');
    failures.push(await other.run(new Float32Array(784)).catch(codeOf));
    await other.close();
    return { failures, digit: output.digit, errors, invalid, ok };
  });
  expect(seen).toEqual({
    failures: [
      [
        'task-failed',
        "digits: expected preprocess of task 'read-drawings' to return, got: no pencil",
      ],
      'task-failed',
      'input-invalid',
      'input-invalid',
      ['input-invalid', true],
      ['input-invalid', true],
      ['input-invalid', true],
      'task-failed',
    ],
    digit: 1,
    errors: { 'task-failed': 2 },
    invalid: 5,
    ok: 1,
  });
});

test('a stream that skips passes over what a task fails for, and score says so of that input', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { rows, codeOf, openUnsigned } = globalThis as Scope;
    const model = await openUnsigned('read-drawings');
    const inputs = [{ rows: rows() }, { mistake: 'throw' }, { mistake: 'shape' }, { rows: rows() }];
    const stream = model.stream(inputs, { onError: 'skip' });
    const streamed = [];
    for await (const { index, output } of stream) streamed.push([index, output.digit]);
    const scored = [];
    for await (const { index, output, error } of model.score(inputs)) {
      scored.push([index, output?.digit ?? codeOf(error)]);
    }
    await model.close();
    return { streamed, skipped: stream.stats.skipped, scored };
  });
  expect(seen).toEqual({
    streamed: [
      [0, 1],
      [3, 1],
    ],
    skipped: 2,
    scored: [
      [0, 1],
      [1, 'task-failed'],
      [2, 'task-failed'],
      [3, 1],
    ],
  });
});

test('the caller keeps its input, unless it gives it away', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { rows, openUnsigned } = globalThis as Scope;
    const model = await openUnsigned('read-drawings');
    const draw = () => Float32Array.from(rows().join(''), (c: string) => (c === '#' ? 1 : 0));
    const kept = draw();
    const running = model.run({ pixels: kept });
    kept.fill(1);
    const first = (await running).output.digit;
    const given = new Float32Array(100_000);
    given.set(draw());
    const big = await model
      .run({ pixels: given.subarray(0, 784) }, { transfer: true })
      .then(({ output }: Scope) => output.digit);
    const many = await Promise.all(Array.from({ length: 20 }, () => model.run({ pixels: draw() })));
    await model.close();
    return [first, kept.length, big, given.length, new Set(many.map((r) => r.output.digit)).size];
  });
  expect(seen).toEqual([1, 784, 1, 0, 1]);
});

test('stages that a task leaves out are the spec’s: pictures and canvases go in as ever', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const { openUnsigned } = globalThis as Scope;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 56;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillRect(0, 0, 56, 56);
    context.fillStyle = 'white';
    context.fillRect(26, 10, 4, 36);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve));
    const bitmap = await createImageBitmap(canvas);
    const model = await openUnsigned('name-digits');
    const outputs = [];
    for (const input of [canvas, blob, bitmap, context.getImageData(0, 0, 56, 56)]) {
      outputs.push((await model.run(input)).output);
    }
    await model.close();
    return [...outputs, bitmap.width];
  });
  expect(seen).toEqual(['a 1', 'a 1', 'a 1', 'a 1', 56]);
});

test('the app’s own worker is started anew after it was ended, and one it has not is passed over', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, rows, startOwnWorker, codeOf } = globalThis as Scope;
    const started: string[] = [];
    const worker = (backend: string) => {
      started.push(backend);
      return startOwnWorker(backend);
    };
    const model = await nearside.open(url, { trust, worker, tune: 'off' });
    const late = { timeoutMs: 50, terminate: true };
    const ended = await model.run({ mistake: 'hang' }, late).catch(codeOf);
    const { output } = await model.run({ rows: rows() });
    await model.close();
    const none = await nearside.open(url, { trust, worker: () => undefined }).catch(codeOf);
    const wrong = await nearside.open(url, { trust, worker: () => 7 }).catch((e: Error) => e.name);
    const onnx = started.filter((backend) => backend === 'onnx-wasm');
    return { ended, digit: output.digit, onnx, none, wrong };
  }, drawings.address);
  expect(seen).toEqual({
    ended: 'deadline',
    digit: 1,
    onnx: ['onnx-wasm', 'onnx-wasm'],
    none: 'no-backend',
    wrong: 'TypeError',
  });
});

test('models of an engine share the worker of the app’s own that the engine names', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, rows, startOwnWorker } = globalThis as Scope;
    const engine = nearside.createEngine({ worker: startOwnWorker });
    const open = () => engine.open(url, { trust, tune: 'off' });
    const models = [await open(), await open()];
    const digits = [];
    for (const model of models) digits.push((await model.run({ rows: rows() })).output.digit);
    const { workers } = engine.stats();
    await engine.close();
    return { digits, workers: workers.map(({ models }: Scope) => models) };
  }, drawings.address);
  expect(seen).toEqual({ digits: [1, 1], workers: [2] });
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
