import { expect, type Page, test } from '@playwright/test';
import { makeUnprovable } from './change-digits.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

/** Another site, which answers without CORS. */
const ELSEWHERE = 'https://elsewhere.example/';

/** A call that is to fail, made from what the page has, and how. */
interface BadCall {
  readonly what: string;
  readonly call: (scope: Scope) => Promise<unknown>;
  readonly fails: { name?: string; code?: string; message?: RegExp };
}

const BAD_CALLS: readonly BadCall[] = [
  {
    what: 'tensors of the wrong rank',
    call: ({ model, pixels }) => model.run({ tensors: { pixel_values: pixels([28, 28]) } }),
    fails: { code: 'input-invalid', message: /expected shape \[n, 1, 28, 28\], got \[28, 28\]/ },
  },
  {
    what: 'an empty batch',
    call: ({ model, pixels }) => model.run({ tensors: { pixel_values: pixels([0, 1, 28, 28]) } }),
    fails: { code: 'input-invalid', message: /got \[0, 1, 28, 28\]/ },
  },
  {
    what: 'fewer elements than the shape says',
    call: ({ model, pixels }) =>
      model.run({
        tensors: { pixel_values: { ...pixels([1, 1, 28, 28]), data: new Float32Array(3) } },
      }),
    fails: { code: 'input-invalid', message: /784 elements/ },
  },
  {
    what: 'a tensor of another name',
    call: ({ model, pixels }) => model.run({ tensors: { image: pixels([1, 1, 28, 28]) } }),
    fails: { code: 'input-invalid', message: /pixel_values.*got \{ tensors: \{ image \} \}/ },
  },
  {
    what: 'nothing at all',
    call: ({ model }) => model.run(),
    fails: { code: 'input-invalid', message: /got undefined/ },
  },
  {
    what: 'a file that says it has 1.6 thousand million pixels',
    call: ({ model, hugePng }) => model.run(hugePng()),
    fails: { code: 'input-too-large', message: /40000 × 40000/ },
  },
  {
    what: 'a picture that says it is larger than its pixels',
    call: ({ model }) => model.run({ data: new Uint8ClampedArray(4), width: 1e9, height: 1e9 }),
    fails: { code: 'input-invalid' },
  },
  {
    what: 'an array that its caller has transferred away',
    call({ model, pixels }) {
      const pixel_values = pixels([1, 1, 28, 28]);
      structuredClone(null, { transfer: [pixel_values.data.buffer] });
      return model.run({ tensors: { pixel_values } });
    },
    fails: { code: 'input-detached', message: /pixel_values/ },
  },
  {
    what: 'a bitmap that its caller has closed',
    async call({ model, one }) {
      const bitmap = await createImageBitmap(one());
      bitmap.close();
      return model.run(bitmap);
    },
    fails: { code: 'input-detached', message: /ImageBitmap/ },
  },
  {
    what: 'a picture of another site that does not let it be read',
    async call({ model, elsewhere }) {
      const image = new Image();
      image.src = elsewhere;
      await image.decode();
      return model.run(image);
    },
    fails: { code: 'input-invalid', message: /can be read and cloned/ },
  },
  {
    what: 'an input that throws as it is read',
    call: ({ model }) =>
      model.run({
        get tensors() {
          throw new Error('no camera');
        },
      }),
    fails: { code: 'input-invalid', message: /no camera/ },
  },
  {
    what: 'an input that throws what has no text',
    call: ({ model }) =>
      model.run({
        get tensors() {
          throw Object.create(null);
        },
      }),
    fails: { code: 'input-invalid', message: /got one that cannot: \{\}$/ },
  },
  {
    what: 'a Proxy of an array',
    call({ model, pixels }) {
      const pixel_values = pixels([1, 1, 28, 28]);
      const data = new Proxy(pixel_values.data, {});
      return model.run({ tensors: { pixel_values: { ...pixel_values, data } } });
    },
    fails: {
      code: 'input-invalid',
      message: /data in a Float32Array, got a Proxy of a Float32Array/,
    },
  },
  {
    what: 'pixels of floats',
    call({ model }) {
      const options = { pixelFormat: 'rgba-float16' } as ImageDataSettings;
      const pixels = { data: new Float32Array(28 * 28 * 4), width: 28, height: 28 };
      const hasFloats = 'pixelFormat' in ImageData.prototype; // Chromium's, and not Firefox's
      return model.run(hasFloats ? new ImageData(28, 28, options) : pixels);
    },
    fails: {
      code: 'input-invalid',
      message: /ImageData of 8-bit pixels, .* got \w+ with a Float(16|32)Array\.$/,
    },
  },
  {
    what: 'a negative timeout',
    call: ({ model, one }) => model.run(one(), { timeoutMs: -1 }),
    fails: { name: 'RangeError', message: /`timeoutMs`.*got -1/ },
  },
  {
    what: 'a priority that there is not',
    call: ({ model, one }) => model.run(one(), { priority: 'urgent' }),
    fails: { name: 'RangeError', message: /'interactive', 'normal', 'background'; got 'urgent'/ },
  },
  {
    what: 'an option that there is not',
    call: ({ model, one }) => model.run(one(), { timeout: 100 }),
    fails: { name: 'TypeError', message: /got 'timeout'/ },
  },
  {
    what: 'a signal where options should be',
    call: ({ model, one }) => model.run(one(), new AbortController().signal),
    fails: { name: 'TypeError', message: /^run: expected an object of options; got AbortSignal$/ },
  },
  {
    what: 'a signal that is aborted already',
    call: ({ model, one }) =>
      model.run(one(), { signal: AbortSignal.abort(new Error('changed my mind')) }),
    fails: { name: 'Error', message: /^changed my mind$/ },
  },
];

for (const backend of ['onnx-wasm', 'tfjs-wasm', 'onnx-webgpu', 'tfjs-webgpu']) {
  const tag = backend.endsWith('webgpu') ? '@gpu' : [];
  test.describe(backend, { tag }, () => {
    /** One model for all that is bad: nothing of it may stay. */
    let page: Page;

    test.beforeAll(async ({ browser }) => {
      page = await browser.newPage();
      await openDigits(page, backend);
    });

    test.afterAll(async () => {
      await page.close();
    });

    test('each bad call is refused with a clear error, and the next good call succeeds', async () => {
      for (const { what, call, fails } of BAD_CALLS) {
        const { failure, next } = await test.step(what, () => callThenRun(page, call));
        expect.soft(failure, what).toMatchObject({
          ...fails,
          message: expect.stringMatching(fails.message ?? /./),
        });
        expect.soft(next, `the good call after ${what}`).toBe('1');
      }
    });

    test('not-a-number and infinities reach the model, and leave its neighbours alone', async () => {
      const { alone, beside } = await page.evaluate(async () => {
        const { model, pixels } = globalThis as Scope;
        const filled = (value: number) => {
          const pixel_values = pixels([1, 1, 28, 28]);
          pixel_values.data.fill(value);
          return { tensors: { pixel_values } };
        };
        const logits = ({ output }: Scope): number[] => [...output.tensors.logits.data];
        const good = filled(0.25);
        const alone = logits(await model.run(good));
        const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(filled);
        const [first, ...others] = await Promise.all(
          [good, ...bad, good].map((it) => model.run(it)),
        );
        return { alone, beside: [logits(first), logits(others.at(-1))] };
      });
      for (const logits of beside) {
        for (const [i, logit] of logits.entries()) {
          expect(Math.abs(logit - (alone[i] as number))).toBeLessThan(1e-4);
        }
      }
    });
  });
}

test.describe('on any backend', () => {
  let page: Page;

  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage();
    await openDigits(page, 'onnx-wasm');
  });

  test.afterAll(async () => {
    await page.close();
  });

  test('what another window made is taken as the page’s own is, kept or given away', async () => {
    const labels = await page.evaluate(async () => {
      const { model, one, nearside, address, backend } = globalThis as Scope;
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = frame.contentWindow as Scope;
      const image = one();
      const pixels = () => other.Uint8ClampedArray.from(image.data);
      const canvas = other.document.createElement('canvas');
      Object.assign(canvas, { width: 28, height: 28 });
      canvas.getContext('2d').putImageData(image, 0, 0);
      const blob: Blob = await new Promise((resolve) => canvas.toBlob(resolve));
      const bytes = await blob.arrayBuffer();
      const inputs: [string, () => unknown][] = [
        ['ImageData', () => new other.ImageData(pixels(), 28, 28)],
        ['pixels', () => ({ data: pixels(), width: 28, height: 28 })],
        ['ImageBitmap', () => other.createImageBitmap(canvas)],
        ['canvas', () => canvas],
        ['Blob', () => new other.Blob([bytes], { type: 'image/png' })],
        ['File', () => new other.File([bytes], 'one.png')],
      ];
      const { signal } = new other.AbortController();
      const labels: [string, string][] = [];
      for (const transfer of [false, true]) {
        for (const [what, make] of inputs) {
          const { output } = await model.run(await make(), { transfer, signal });
          labels.push([what, output[0].label]);
        }
      }
      const url = new other.URL(address.url);
      const options = { trust: address.trust, backend, signal };
      const opened = await nearside.open(url, options);
      labels.push(['URL', (await opened.run(one())).output[0].label]);
      await opened.close();
      frame.remove();
      return labels;
    });
    const kinds = ['ImageData', 'pixels', 'ImageBitmap', 'canvas', 'Blob', 'File'];
    expect(labels).toEqual([...kinds, ...kinds, 'URL'].map((what) => [what, '1']));
  });

  test('tensors of another window, or in WebAssembly’s memory, give what the page’s own give', async () => {
    const { own, others, kept } = await page.evaluate(async () => {
      const { model } = globalThis as Scope;
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = frame.contentWindow as Scope;
      const shape = [1, 1, 28, 28];
      const logits = async (data: Float32Array, transfer: boolean): Promise<number[]> => {
        const pixel_values = { datatype: 'FP32', shape, data };
        const { output } = await model.run({ tensors: { pixel_values } }, { transfer });
        return [...output.tensors.logits.data];
      };
      const values = Array.from({ length: 28 * 28 }, (_, i) => (i % 7) / 7);
      const memory = new WebAssembly.Memory({ initial: 1 });
      const inMemory = new Float32Array(memory.buffer, 64, values.length);
      inMemory.set(values);
      const own = await logits(Float32Array.from(values), false);
      const others: number[][] = [];
      for (const transfer of [false, true]) {
        others.push(await logits(other.Float32Array.from(values), transfer));
        others.push(await logits(inMemory, transfer));
      }
      frame.remove();
      return { own, others, kept: inMemory.length };
    });
    expect(others).toEqual([own, own, own, own]);
    expect(kept).toBe(28 * 28);
  });

  test('pixels in WebAssembly’s memory are copied where they cannot be given away', async () => {
    const { label, kept } = await page.evaluate(async () => {
      const { model, one } = globalThis as Scope;
      const { data, width, height } = one();
      const memory = new WebAssembly.Memory({ initial: 1 });
      const pixels = new Uint8ClampedArray(memory.buffer, 64, data.length);
      pixels.set(data);
      const { output } = await model.run({ data: pixels, width, height }, { transfer: true });
      return { label: output[0].label, kept: pixels.length };
    });
    expect({ label, kept }).toEqual({ label: '1', kept: 28 * 28 * 4 });
  });

  test('calls after close are refused as closed, each of them; closing again is no error', async () => {
    const codes = await page.evaluate(async () => {
      const scope = globalThis as Scope;
      const { model, one, nearside, address, backend } = scope;
      const running = model.run(one()).catch(({ code }: Scope) => code);
      await Promise.all([model.close(), model.close()]);
      const calls = [
        () => model.run(one()),
        () => model.score([one()]).next(),
        () => model.stream([one()]).next(),
        () => model.profile(one()),
        () => model.warm(),
        () => model.storage(),
        () => model.update(),
      ];
      const codes: string[] = [];
      for (const call of calls) codes.push(await call().catch(({ code }: Scope) => code));
      await model.close();
      scope.model = await nearside.open(address.url, { trust: address.trust, backend });
      const { output } = await scope.model.run(one());
      return [await running, ...codes, output[0].label];
    });
    expect(codes).toEqual([...Array(8).fill('closed'), '1']);
  });
});

test('options of a wrong kind, of any call: refused by name before anything is done, and good ones work', {
  tag: '@alike',
}, async ({ page }) => {
  await openDigits(page, 'onnx-wasm');
  const said = await page.evaluate(async () => {
    const { nearside, model, one, address } = globalThis as Scope;
    const { url, trust } = address;
    const wrong = [
      { policy: 5 },
      { policy: null },
      { policy: { watchdogMs: '5000' } },
      { tune: [] },
      { tune: { maxMs: '5' } },
      { report: true },
      { report: '' },
      { mirrors: [5] },
      { store: 'disk' },
      { signal: 0 },
      { trust: null },
      { request: { headers: new Headers({ authorization: 'secret' }) } },
    ];
    const score = (...given: unknown[]) => model.score(...given).next();
    const calls: (() => unknown)[] = [
      ...wrong.map((options) => () => nearside.open(url, { trust, ...options })),
      () => nearside.open(undefined, { trust }),
      () => nearside.open(url),
      () => nearside.createEngine(5),
      () => nearside.createEngine({ workers: 'many' }),
      () => nearside.clear(),
      () => nearside.clear({ model: 'digits', foo: 1 }),
      () => nearside.clear({ model: 'digits', store: 'disk' }),
      () => nearside.runtimeAssets({ backends: 'onnx-wasm' }),
      () => score(),
      () => score([one()], 'all'),
      () => model.stream('text').next(),
      () => model.profile(one(), { runs: '3' }),
      () => model.storage({ persist: 'yes' }),
      () => model.on(Symbol('run-end'), () => {}),
    ];
    const said: string[] = [];
    for (const call of calls) {
      const failure = await Promise.resolve()
        .then(call)
        .then(
          () => ({ name: 'nothing', message: 'was refused' }),
          (error) => error,
        );
      const { output } = await model.run(one());
      said.push(`${failure.name} ${failure.message} · ${output[0].label}`);
    }
    return said;
  });
  const addresses = 'https: address(es)? \\(http: on localhost only\\)';
  const expected = [
    /^TypeError open: expected `policy` to be \{ maxBytes, .* got 5 · 1$/,
    /^TypeError open: expected `policy` to be .* got null · 1$/,
    /^RangeError open: expected `policy.watchdogMs` to be a number above 0; got '5000' · 1$/,
    /^RangeError open: expected `tune` to be .* got \[\] · 1$/,
    /^RangeError open: expected `tune.maxMs` to be a number above 0; got '5' · 1$/,
    new RegExp(`^TypeError open: expected \`report\` to be an ${addresses}.* got true · 1$`),
    new RegExp(`^TypeError open: expected \`report\` to be an ${addresses}.* got '' · 1$`),
    /^TypeError open: expected `mirrors` to be a list of https: addresses .* got \[5\] · 1$/,
    /^RangeError open: expected `store` to be 'auto', 'memory' .* got 'disk' · 1$/,
    /^TypeError open: expected `signal` to be an AbortSignal; got 0 · 1$/,
    /^TypeError open: expected `trust` to be .* got null · 1$/,
    /^TypeError open: expected `request.headers` to be .* got Headers · 1$/,
    /^TypeError open: expected the address of a model; got undefined · 1$/,
    /^TypeError open: expected an object of options; got undefined. It has `integrity`, .* · 1$/,
    /^TypeError createEngine: expected an object of options; got 5 · 1$/,
    /^RangeError createEngine: expected `workers` to be 1 to 16 or 'auto'; got 'many' · 1$/,
    /^TypeError clear: expected an object of options; got undefined · 1$/,
    /^TypeError clear: expected one of the options model, everything, store; got 'foo' · 1$/,
    /^RangeError clear: expected `store` to be .* got 'disk' · 1$/,
    /^RangeError runtimeAssets: expected `backends` to be a list .* got 'onnx-wasm' · 1$/,
    /^TypeError score: expected an iterable of inputs; got undefined · 1$/,
    /^TypeError score: expected an object of options; got 'all' · 1$/,
    /^TypeError stream: expected an iterable of inputs; got 'text' · 1$/,
    /^RangeError profile: expected `runs` to be a whole number above 0; got '3' · 1$/,
    /^TypeError storage: expected `persist` to be true or false; got 'yes' · 1$/,
    /^TypeError on: expected one of run-end, .* got 'Symbol\(run-end\)' · 1$/,
  ];
  expect(said).toEqual(expected.map((words) => expect.stringMatching(words)));
  const good = await page.evaluate(async () => {
    const { nearside, one, address } = globalThis as Scope;
    const { url, trust } = address;
    await nearside.clear({ model: 'digits' });
    const engine = nearside.createEngine({ workers: 1 });
    const model = await engine.open(url, {
      ...{ trust, tune: { maxMs: 5 }, policy: { watchdogMs: 5_000 }, mirrors: [] },
    });
    const { value } = await model.score([one()], { topK: 1 }).next();
    await engine.close();
    return [model.stats().opening.origin, value.output[0].label];
  });
  expect(good).toEqual(['network', '1']);
});

test('golden outputs that no backend reproduces: no-backend, with what each computed', {
  tag: '@alike',
}, async ({ page }) => {
  const wrong = await serveDigits();
  await wrong.release({
    version: '1.1.0',
    sequence: 2,
    change: (source) => makeUnprovable(source, ['int8', 'fp32', 'uint8']),
  });
  await gotoBarePage(page, served.site.url);
  const failure = await page.evaluate(async ({ url, trust }) => {
    const { nearside } = globalThis as Scope;
    return nearside.open(url, { trust }).then(
      () => ({ code: 'opened' }),
      ({ code, message, details }: Scope) => ({ code, message, failures: details.failures }),
    );
  }, wrong.address);
  expect(failure).toMatchObject({
    code: 'no-backend',
    message: expect.stringContaining("case 'seven', output 'logits'"),
  });
  expect(failure.failures.length).toBeGreaterThanOrEqual(2);
  for (const { backend, code } of failure.failures) {
    expect(code, backend).toBe(/webgpu/.test(backend) ? 'no-backend' : 'golden-mismatch');
  }
  await openDigits(page, 'onnx-wasm'); // and a good model opens on the same page
  await wrong.close();
});

async function openDigits(page: Page, backend: string): Promise<void> {
  await page.route(`${ELSEWHERE}*`, (route) =>
    route.fulfill({
      contentType: 'image/svg+xml',
      headers: { 'cross-origin-resource-policy': 'cross-origin' },
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><rect width="9" height="28"/></svg>',
    }),
  );
  await gotoBarePage(page, served.site.url);
  await page.evaluate(
    async ([address, backend, elsewhere]) => {
      const scope = globalThis as Scope;
      const { url, trust } = address;
      const model = await scope.nearside.open(url, { trust, backend });
      /** An FP32 tensor of a shape, zero. */
      const pixels = (shape: number[]) => ({
        datatype: 'FP32',
        shape,
        data: new Float32Array(shape.reduce((product, axis) => product * axis, 1)),
      });
      /** The head of a PNG. */
      const hugePng = () => {
        const head = new DataView(new ArrayBuffer(33));
        const name = (text: string, at: number) => {
          for (const [i, letter] of [...text].entries())
            head.setUint8(at + i, letter.charCodeAt(0));
        };
        name('\x89PNG\r\n\x1a\n', 0);
        head.setUint32(8, 13);
        name('IHDR', 12);
        head.setUint32(16, 40_000);
        head.setUint32(20, 40_000);
        return new Blob([head.buffer], { type: 'image/png' });
      };
      Object.assign(scope, { model, address, backend, elsewhere, pixels, hugePng });
    },
    [served.digits.address, backend, `${ELSEWHERE}one.svg`] as const,
  );
}

/** How a bad call fails, and what the label of a good one is that comes after it. */
function callThenRun(page: Page, call: BadCall['call']) {
  return page.evaluate(async (call) => {
    const scope = globalThis as Scope;
    const bad = new Function(`return (${call})`)() as (scope: Scope) => Promise<unknown>;
    const failure = await bad(scope).then(
      () => ({ name: 'nothing', code: 'answered', message: '' }),
      ({ name, code, message }) => ({ name, code, message }),
    );
    const next = await scope.model.run(scope.one()).then(
      ({ output }: Scope) => output[0].label,
      ({ code, message }: Scope) => `${code}: ${message}`,
    );
    return { failure, next };
  }, asExpression(call));
}

/** A function's text as an expression, whether it was written as a method or not. */
function asExpression(call: BadCall['call']): string {
  const text = String(call);
  return /^(async\s+)?call\(/.test(text) ? `({ ${text} }).call` : text;
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
