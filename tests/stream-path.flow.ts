import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { test } from './one-page.js';
import { serveFixture } from './serve-fixture.js';
import { serveStreams } from './serve-streams.js';
import { gotoStreamPage } from './stream-page.js';

const require = createRequire(import.meta.url);

let served: Awaited<ReturnType<typeof serveStreams>>;

test.beforeAll(async ({ onePage }) => {
  served = await serveStreams();
  await gotoStreamPage(onePage, { url: served.site.url, x: served.known.x });
});

test.afterAll(async () => {
  await served.close();
});

for (const backend of ['onnx-wasm', 'tfjs-wasm', 'onnx-webgpu', 'tfjs-webgpu'] as const) {
  test.describe(backend, { tag: backend.endsWith('webgpu') ? '@gpu' : [] }, () => {
    test.describe('with state', () => {
      test.beforeEach(async ({ page }) => {
        await page.evaluate(
          async ({ url, trust, backend }) => {
            const scope = globalThis as Scope;
            scope.model = await scope.nearside.open(url, { trust, backend });
          },
          { ...served.leaky.address, backend },
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
        expect(results.map(([index, on]) => [index, on])).toEqual(
          served.known.y.map((_, i) => [i, backend]),
        );
        expectValues(
          results.map(([, , values]) => values),
          { backend },
        );
        expect(stats).toMatchObject({ frames: served.known.x.length, dropped: 0, skipped: 0 });
        expect(stats.lagMs.p50).toBeGreaterThan(0);
        expect(tensors).toEqual(['y']);
      });

      test('after reset a stream goes on as a fresh one does', async ({ page }) => {
        const { before, after, stats } = await page.evaluate(async () => {
          const { model, inputs, valuesOf } = globalThis as Scope;
          let seek = () => {};
          const sought = new Promise<void>((resolve) => {
            seek = resolve;
          });
          async function* file() {
            yield* inputs.slice(0, 6);
            await sought;
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
        expectValues(before, { backend, count: 4 });
        expect(after.map(([index]) => index)).toEqual(served.known.y.map((_, i) => 6 + i));
        expectValues(
          after.map(([, values]) => values),
          { backend },
        );
        expect(stats).toMatchObject({ frames: 46, dropped: 2 });
      });
    });
  });
}

/** The order and the pace of frames are the page's own work: any backend shows them. */
const ANY_BACKEND = 'onnx-wasm';

test('every frame of a file is read, in order, however slowly results are', async ({ page }) => {
  const seen = await page.evaluate(
    async ({ url, trust, backend }) => {
      const { nearside, stroke, observed } = globalThis as Scope;
      const model = await nearside.open(url, { trust, backend });
      const pictures = Array.from({ length: 6 }, (_, i) => stroke(4 + i));
      const alone = [];
      for (const picture of pictures) alone.push((await model.run(picture)).output[0].label);
      const source = observed(pictures);
      const stream = model.stream(source, { backpressure: 'wait', maxWaiting: 3 });
      const read = [];
      let ahead = 0;
      for await (const { index, output, meta } of stream) {
        read.push([index, output[0].label, meta.backend]);
        await new Promise((resolve) => setTimeout(resolve, 5));
        ahead = Math.max(ahead, source.taken - read.length);
      }
      return { alone, read, ahead, stats: stream.stats };
    },
    { ...served.digits.address, backend: ANY_BACKEND },
  );
  expect(seen.read).toEqual(seen.alone.map((label, i) => [i, label, ANY_BACKEND]));
  expect(seen.ahead).toBeLessThanOrEqual(3);
  expect(seen.stats).toMatchObject({ frames: 6, dropped: 0, skipped: 0 });
});

test('a slow reader of a camera gets recent frames; the rest is dropped and counted', async ({
  page,
}) => {
  const { indexes, stats } = await page.evaluate(
    async ({ url, trust, backend }) => {
      const { nearside, stroke } = globalThis as Scope;
      const model = await nearside.open(url, { trust, backend });
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
    },
    { ...served.digits.address, backend: ANY_BACKEND },
  );
  expect(stats.frames).toBe(60);
  expect(stats.dropped).toBeGreaterThan(10);
  expect(indexes.length + stats.dropped).toBe(60);
  expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
  expect(indexes.at(-1)).toBe(59);
});
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
        const frames = Array.from({ length: samples.length / 512 }, (_, i) => {
          const frame = samples.subarray(i * 512, (i + 1) * 512);
          return {
            input: fp32(
              [1, 512],
              Float32Array.from(frame, (v) => v / 32_768),
            ),
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
    const distances = streamed.map((score, i) => Math.abs(score - (expected[i] as number)));
    expect(Math.max(...distances)).toBeLessThan(1e-4);
  } finally {
    await Promise.all([carried.close(), byHand.close()]);
  }
});

/** Bit for bit on wasm; a GPU may round otherwise. */
function expectValues(
  got: number[][],
  { backend, count }: { backend: string; count?: number },
): void {
  const wanted = served.known.y.slice(0, count);
  if (backend.endsWith('wasm')) expect(got).toEqual(wanted);
  const near = (values: number[]) => values.map((value) => expect.closeTo(value, 4));
  expect(got).toEqual(wanted.map(near));
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
