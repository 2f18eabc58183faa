import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { makePatient } from './change-digits.js';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
/** What it expects, no backend computes. */
let unprovable: Awaited<ReturnType<typeof serveDigits>>;
/** Runs as long as the largest pixel of its input says. */
let patient: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  unprovable = await serveDigits();
  await unprovable.release({
    version: '1.1.0',
    sequence: 2,
    async change(source) {
      for (const file of await readdir(`${source}/golden`)) {
        if (!file.endsWith('.logits.bin')) continue;
        const { length } = await readFile(`${source}/golden/${file}`);
        await writeFile(`${source}/golden/${file}`, new Uint8Array(length));
      }
    },
  });
  patient = await serveDigits();
  await patient.release({
    version: '1.1.0',
    sequence: 2,
    change: makePatient,
  });
});

test.afterAll(async () => {
  await Promise.all([site.close(), unprovable.close(), patient.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
  await page.evaluate(() => {
    const scope = globalThis as Scope;
    scope.asked = [];
    scope.fallback = async (input: Scope) => {
      scope.asked.push(input);
      return { answer: 'mine' };
    };
    /** One tensor of the model, whose largest pixel sets how long the patient one runs. */
    scope.pixels = (largest: number) => {
      const data = new Float32Array(784).fill(0.5);
      data[783] = largest;
      return { tensors: { pixel_values: { datatype: 'FP32', shape: [1, 1, 28, 28], data } } };
    };
    scope.codeOf = (error: Scope) => error.code ?? error.message;
  });
});

test('where no backend is proven the app’s own function answers, and reports count it', async ({
  page,
}) => {
  const reports: Scope[] = [];
  await page.route('**/v1/reports', async (route) => {
    reports.push(JSON.parse(route.request().postData() ?? 'null'));
    await route.fulfill({ status: 204 });
  });
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, asked, fallback, pixels, one, codeOf } = globalThis as Scope;
    const without = await nearside.open(url, { trust }).catch(codeOf);
    const model = await nearside.open(url, { trust, fallback, report: '/v1/reports' });
    const picture = one();
    const { output, meta } = await model.run(picture);
    const isSame = asked[0] === picture;
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const refused = [
      await model.run({ tensors: {} }).catch(codeOf),
      await model.run('a string').catch(codeOf),
      await model.run(pixels(0), { signal: controller.signal }).catch(codeOf),
    ];
    const scored = [];
    for await (const { output } of model.score([pixels(0), pixels(1)])) scored.push(output);
    const { fallbacks, ok, invalid, errors, verdict } = model.stats();
    const backends = (await model.explainBackend()).map((row: Scope) => [row.backend, row.code]);
    const storage = await model.storage().catch(codeOf);
    await model.close();
    const closed = await model.run(pixels(0)).catch(codeOf);
    return {
      without,
      output,
      meta: [meta.model, meta.version, meta.backend, meta.fallback],
      isSame,
      refused,
      scored,
      stats: { fallbacks, ok, invalid, errors, verdict },
      backends,
      storage,
      closed,
      asked: asked.length,
    };
  }, unprovable.address);
  expect(seen).toEqual({
    without: 'no-backend',
    output: { answer: 'mine' },
    meta: ['digits', '1.1.0', 'fallback', true],
    isSame: true,
    refused: ['input-invalid', 'input-invalid', 'enough'],
    scored: [{ answer: 'mine' }, { answer: 'mine' }],
    stats: { fallbacks: 3, ok: 0, invalid: 2, errors: { 'no-backend': 1 }, verdict: 'unproven' },
    backends: [
      ['tfjs-wasm', 'golden-mismatch'],
      ['onnx-wasm', 'golden-mismatch'], // int8, then fp32
      ['onnx-wasm', 'golden-mismatch'],
    ],
    storage: 'no-backend',
    closed: 'closed',
    asked: 3,
  });
  expect(reports).toMatchObject([
    {
      dimensions: { model: 'digits', version: '1.1.0', backend: 'tfjs-wasm', variant: 'uint8' },
      health: {
        ok: 0,
        fallbacks: 3,
        invalid: { 'input-invalid': 2 },
        quarantines: [
          { backend: 'tfjs-wasm', variant: 'uint8', code: 'golden-mismatch', n: 1 },
          { backend: 'onnx-wasm', variant: 'int8', code: 'golden-mismatch', n: 1 },
          { backend: 'onnx-wasm', variant: 'fp32', code: 'golden-mismatch', n: 1 },
        ],
      },
      opens: { tried: 1, failed: { 'no-backend': 1 } },
    },
  ]);
});

test('where the function answers, each run tells how it ended, a bad input’s too', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, pixels, codeOf } = globalThis as Scope;
    const controller = new AbortController();
    const answers = [
      () => 'mine',
      () => {
        throw new Error('no idea either');
      },
      () => {
        controller.abort(new Error('enough'));
        return new Promise(() => {});
      },
    ];
    const fallback = () => answers.shift()?.();
    const model = await nearside.open(url, { trust, fallback, backend: 'tfjs-wasm' });
    const ends: Scope[] = [];
    model.on('run-end', ({ id, ok, code }: Scope) => ends.push({ id, ok, code }));
    const { meta } = await model.run(pixels(0));
    const failed = [
      await model.run({ tensors: {} }).catch(codeOf),
      await model.run('a string').catch(codeOf),
      await model.run(pixels(0)).catch(codeOf),
      await model.run(pixels(0), { signal: controller.signal }).catch(codeOf),
    ];
    await model.close();
    const ids = new Set(ends.map(({ id }) => id));
    return { isFirst: ends[0].id === meta.id, ids: ids.size, failed, ends };
  }, unprovable.address);
  expect(seen).toMatchObject({
    isFirst: true,
    ids: 5,
    failed: ['input-invalid', 'input-invalid', 'no idea either', 'enough'],
    ends: [
      { ok: true },
      { ok: false, code: 'input-invalid' },
      { ok: false, code: 'input-invalid' },
      { ok: false, code: 'golden-mismatch' },
      { ok: false, code: undefined }, // whoever aborts knows
    ],
  });
});

test('one backend that was asked for and is not proven leads to the function as well', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, fallback, pixels } = globalThis as Scope;
    const model = await nearside.open(url, { trust, fallback, backend: 'tfjs-wasm' });
    const { meta } = await model.run(pixels(0), { transfer: true });
    const backends = (await model.explainBackend()).map((row: Scope) => [row.backend, row.code]);
    await model.close();
    return [meta.fallback, ...backends];
  }, unprovable.address);
  expect(seen).toEqual([true, ['tfjs-wasm', 'golden-mismatch']]);
});

test('what is not to be trusted rejects, and the function is never asked', async ({ page }) => {
  const seen = await page.evaluate(async ({ url }) => {
    const { nearside, asked, fallback, codeOf } = globalThis as Scope;
    const trust = `sha256-${'A'.repeat(43)}`;
    return [await nearside.open(url, { trust, fallback }).catch(codeOf), asked.length];
  }, unprovable.address);
  expect(seen).toEqual(['pin-mismatch', 0]);
});

test('a run that passes its deadline is answered by the function, others by the model', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, fallback, pixels } = globalThis as Scope;
    const policy = { update: 'manual' };
    const model = await nearside.open(url, { trust, fallback, backend: 'onnx-wasm', policy });
    const first = await model.run(pixels(0.5), { timeoutMs: 10_000 });
    const late = await model.run(pixels(1e18), { timeoutMs: 100, terminate: true });
    const after = await model.run(pixels(0.5));
    const { fallbacks, ok, errors } = model.stats();
    await model.close();
    return {
      metas: [first, late, after].map(({ meta }) => [meta.backend, meta.fallback]),
      late: late.output,
      stats: { fallbacks, ok, errors },
    };
  }, patient.address);
  expect(seen).toEqual({
    metas: [
      ['onnx-wasm', undefined],
      ['fallback', true],
      ['onnx-wasm', undefined],
    ],
    late: { answer: 'mine' },
    stats: { fallbacks: 1, ok: 2, errors: {} },
  });
});

test('a function that throws fails the run with its own error; one that hangs holds nobody', async ({
  page,
}) => {
  const seen = await page.evaluate(async ({ url, trust }) => {
    const { nearside, pixels, codeOf } = globalThis as Scope;
    const policy = { update: 'manual' };
    let answer: () => Promise<unknown> = async () => {
      throw new Error('no idea either');
    };
    const fallback = () => answer();
    const model = await nearside.open(url, { trust, fallback, backend: 'onnx-wasm', policy });
    const late = { timeoutMs: 50, terminate: true };
    const thrown = await model.run(pixels(1e18), late).catch(codeOf);
    const given = await model.run(pixels(1e18), { ...late, transfer: true }).catch(codeOf);
    const { errors } = model.stats();
    let asked: () => void = () => {};
    answer = () => {
      asked();
      return new Promise(() => {});
    };
    const whenAsked = () =>
      new Promise<void>((resolve) => {
        asked = resolve;
      });
    const controller = new AbortController();
    let called = whenAsked();
    const hanging = model.run(pixels(1e18), { ...late, signal: controller.signal }).catch(codeOf);
    await called;
    controller.abort(new Error('enough'));
    const aborted = await hanging;
    called = whenAsked();
    const open = model.run(pixels(1e18), late).catch(codeOf);
    await called;
    await model.close();
    const { aborted: counted } = model.stats();
    return { thrown, given, errors, aborted, closed: await open, counted };
  }, patient.address);
  expect(seen).toEqual({
    thrown: 'no idea either',
    given: 'deadline',
    errors: { deadline: 2 },
    aborted: 'enough',
    closed: 'closed',
    counted: 2,
  });
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
