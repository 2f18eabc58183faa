import { expect } from '@playwright/test';
import { test } from './one-page.js';
import { serveStreams } from './serve-streams.js';
import { gotoStreamPage } from './stream-page.js';

let served: Awaited<ReturnType<typeof serveStreams>>;

test.beforeAll(async () => {
  served = await serveStreams();
});

test.afterAll(async () => {
  await served.close();
});

for (const backend of ['onnx-wasm', 'tfjs-wasm'] as const) {
  test.describe(backend, () => {
    /** One model for all: none of them changes anything of it. */
    test.beforeAll(async ({ onePage: page }) => {
      await gotoStreamPage(page, { url: served.site.url, x: served.known.x });
      await page.evaluate(
        async ({ url, trust, backend }) => {
          const scope = globalThis as Scope;
          scope.model = await scope.nearside.open(url, { trust, backend });
        },
        { ...served.leaky.address, backend },
      );
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
      expect(first).toEqual(served.known.y);
      expect(second).toEqual(served.known.y);
      expect(runs).toEqual(served.known.x.map((row) => row.map((x) => x + x)));
    });

    test('frames that are given away are the stream’s at once, and keep their order and state', async ({
      page,
    }) => {
      const seen = await page.evaluate(async () => {
        const { model, inputs, valuesOf } = globalThis as Scope;
        const fresh = ({ tensors: { x } }: Scope) => ({
          tensors: { x: { ...x, data: x.data.slice() } },
        });
        const empty = ({ tensors: { x } }: Scope) => {
          if (x.data.length > 0) structuredClone(null, { transfer: [x.data.buffer] });
        };
        function* emptiedLater() {
          for (const [i, input] of inputs.entries()) {
            const frame = fresh(input);
            yield frame;
            if (i === 20) empty(frame);
          }
        }
        function* givenTwice() {
          for (const [i, input] of inputs.entries()) {
            const frame = fresh(input);
            yield frame;
            if (i === 20) yield frame;
          }
        }
        const read = async (source: Iterable<unknown>) => {
          const stream = model.stream(source, { transfer: true, onError: 'skip' });
          const values: number[][] = [];
          for await (const result of stream) values.push(valuesOf(result));
          return { values, skipped: stream.stats.skipped };
        };
        return { emptied: await read(emptiedLater()), twice: await read(givenTwice()) };
      });
      expect(seen.emptied).toEqual({ values: served.known.y, skipped: 0 });
      expect(seen.twice).toEqual({ values: served.known.y, skipped: 1 });
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
      const [first = []] = served.known.x;
      const doubled = first.map((x) => x + x);
      expect(seen).toEqual({ values: [doubled, doubled, doubled], reads: [true, true, true] });
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
