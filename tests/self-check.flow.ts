import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;

test.beforeAll(async () => {
  site = await serveBarePage();
});

test.afterAll(async () => {
  await site.close();
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
});

const WRONG = { 'model.onnx': 'tests/fixtures/wrong-on-webgpu/model.onnx' };
const SILERO = { 'model.onnx': 'node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx' };
const DIGITS = { 'model.onnx': 'models/digits/fp32/model.onnx' };
const DIGITS_TFJS = {
  'model.json': 'models/digits/tfjs/model.json',
  'weights.bin': 'models/digits/tfjs/weights.bin',
};

test('a file that WebGPU computes wrongly is never served there, and the table says why', {
  tag: '@gpu',
}, async ({ page }) => {
  await give(page, WRONG);
  const seen = await runUntilTuned(page, { x: { shape: [1, 129, 4, 4] } });
  const mismatch = { backend: 'onnx-webgpu', code: 'golden-mismatch' };
  expect(seen).toMatchObject({
    backends: ['onnx-wasm', 'onnx-wasm'],
    verdict: 'unproven',
    told: [mismatch],
    quarantined: [{ ...mismatch, message: expect.stringContaining("case 'seeded', output 'y'") }],
    rows: [
      { backend: 'onnx-wasm', verdict: 'unproven' },
      { verdict: 'quarantined', ...mismatch },
      { backend: 'tfjs-wasm', verdict: 'untried' },
      { backend: 'tfjs-webgpu', verdict: 'untried' },
    ],
    databases: [],
  });
});

test('where drawn numbers are no input of a model, those of its first run show that WebGPU is wrong', {
  tag: '@gpu',
}, async ({ page }) => {
  await give(page, SILERO);
  const seen = await runUntilTuned(page, {
    input: { shape: [1, 576] },
    state: { shape: [2, 1, 128] },
    sr: { shape: [], rate: 16_000 },
  });
  expect(seen).toMatchObject({
    backends: ['onnx-wasm', 'onnx-wasm'],
    quarantined: [
      {
        backend: 'onnx-webgpu',
        code: 'golden-mismatch',
        message: expect.stringContaining("case 'first-run', output 'output'"),
      },
    ],
  });
});

test('a file that WebGPU computes as a CPU does is timed there, with the numbers of the first run', {
  tag: '@gpu',
}, async ({ page }) => {
  await give(page, DIGITS);
  const seen = await runUntilTuned(page, { pixel_values: { shape: [2, 1, 28, 28] } });
  expect(seen).toMatchObject({ told: [], quarantined: [], databases: [] });
  const [cpu, gpu] = seen.rows;
  // Which one is faster depends on the machine: a software GPU seldom is.
  expect([cpu.verdict, gpu.verdict]).toEqual(
    seen.backends[1] === 'onnx-webgpu' ? ['slower', 'consistent'] : ['unproven', 'slower'],
  );
  expect(Math.min(cpu.p50Ms, gpu.p50Ms)).toBeGreaterThan(0);
});

test('where the caller names WebGPU, its numbers are compared before the promise resolves', {
  tag: '@gpu',
}, async ({ page }) => {
  await give(page, WRONG);
  expect(await openForced(page, 'onnx-webgpu')).toMatchObject({
    code: 'golden-mismatch',
    message: expect.stringContaining("case 'seeded', output 'y'"),
  });
  expect(await openForced(page, 'onnx-webgpu', { selfCheck: 'off' })).toEqual([
    'unproven',
    'unproven',
  ]);
  await give(page, DIGITS);
  expect(await openForced(page, 'onnx-webgpu')).toEqual(['consistent', 'consistent']);
  await give(page, DIGITS_TFJS);
  expect(await openForced(page, 'tfjs-webgpu')).toEqual(['consistent', 'consistent']);
});

/** Gives the page files by name, as `files` on its scope. */
async function give(page: Page, paths: Readonly<Record<string, string>>): Promise<void> {
  const read = Object.entries(paths).map(async ([name, path]) => {
    return [name, (await readFile(`${root}${path}`)).toString('base64')] as const;
  });
  await page.evaluate(
    async (files) => {
      const blobs = files.map(async ([name, base64]) => {
        const answer = await fetch(`data:application/octet-stream;base64,${base64}`);
        return [name, await answer.blob()];
      });
      (globalThis as Scope).files = Object.fromEntries(await Promise.all(blobs));
    },
    await Promise.all(read),
  );
}

/** @returns both verdicts of a model on one backend, or the error of opening it */
function openForced(page: Page, backend: string, options: object = {}): Promise<Scope> {
  return page.evaluate(
    async ([backend, options]) => {
      const { nearside, files } = globalThis as Scope;
      try {
        const model = await nearside.openUnsigned(files, {}, { backend, ...options });
        const [{ verdict }] = await model.explainBackend();
        const found = [model.stats().verdict, verdict];
        await model.close();
        return found;
      } catch (error) {
        const { code, message } = error as Scope;
        return { code, message };
      }
    },
    [backend, options] as const,
  );
}

/** A wave, unless a rate of samples is to be given. */
type Given = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly rate?: number }>
>;

/** Runs a model, waits until nothing is left to try, and runs it again. */
function runUntilTuned(page: Page, given: Given): Promise<Scope> {
  return page.evaluate(async (given) => {
    const { nearside, files } = globalThis as Scope;
    // Time enough for a GPU that is emulated.
    const tune = { maxBytes: 50_000_000, maxMs: 60_000 };
    const model = await nearside.openUnsigned(files, {}, { tune });
    const told: object[] = [];
    model.on('backend-quarantined', (event: object) => told.push(event));
    const tensors = Object.entries(given).map(([name, { shape, rate }]) => {
      if (rate) return [name, { datatype: 'INT64', shape, data: BigInt64Array.of(BigInt(rate)) }];
      const length = shape.reduce((product, axis) => product * axis, 1);
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i));
      return [name, { datatype: 'FP32', shape, data }];
    });
    const run = async () => {
      const { meta } = await model.run({ tensors: Object.fromEntries(tensors) });
      return meta.backend;
    };
    const before = await run();
    const isOpen = ({ message }: { message?: string }) => message?.startsWith('not yet');
    while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
    const backends = [before, await run()];
    const { quarantined, verdict } = model.stats();
    const rows = await model.explainBackend();
    await model.close();
    const databases = await indexedDB.databases();
    return { told, quarantined, verdict, backends, rows, databases };
  }, given);
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
