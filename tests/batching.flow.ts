import { expect } from '@playwright/test';
import { test } from './one-page.js';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

for (const backend of ['onnx-wasm', 'tfjs-wasm']) {
  test.describe(backend, () => {
    test.beforeAll(async ({ onePage: page }) => {
      await gotoBarePage(page, served.site.url);
      await page.evaluate(
        async ([{ url, trust }, backend]) => {
          const scope = globalThis as Scope;
          scope.model = await scope.nearside.open(url, { trust, backend });
        },
        [served.digits.address, backend] as const,
      );
    });

    test('64 calls at once run as batches, each with the result it has alone', async ({ page }) => {
      const { together, alone, batches } = await page.evaluate(async () => {
        const { model, stroke } = globalThis as Scope;
        const inputs = Array.from({ length: 64 }, (_, i) => stroke(4 + (i % 20)));
        const alone = [];
        for (const input of inputs) alone.push((await model.run(input)).output[0]);
        const results = await Promise.all(inputs.map((input) => model.run(input)));
        return {
          alone,
          together: results.map(({ output }: Result) => output[0]),
          batches: results.map(({ meta }: Result) => meta.batch),
        };
      });
      expect(Math.max(...batches)).toBeGreaterThanOrEqual(32);
      for (const [i, { label, score }] of (together as Best[]).entries()) {
        expect(label).toBe(alone[i].label);
        expect(Math.abs(score - alone[i].score)).toBeLessThan(1e-4);
      }
    });

    test('one bad item of a batch fails alone, and the next good call succeeds', async ({
      page,
    }) => {
      const outcomes = await page.evaluate(async () => {
        const { model, one } = globalThis as Scope;
        const inputs = Array.from({ length: 8 }, (_, i) =>
          i === 3 ? new Blob(['not a picture']) : one(),
        );
        const settled = await Promise.allSettled(inputs.map((input) => model.run(input)));
        const next = await model.run(one());
        return [
          ...settled.map((result) =>
            result.status === 'fulfilled' ? result.value.output[0].label : result.reason.code,
          ),
          next.output[0].label,
        ];
      });
      expect(outcomes).toEqual(['1', '1', '1', 'decode-failed', '1', '1', '1', '1', '1']);
    });

    test('a thousand calls on a queue of 64 are answered or refused, and none stays pending', async ({
      page,
    }) => {
      const counts = await page.evaluate(async () => {
        const { model, one } = globalThis as Scope;
        const settled = await Promise.allSettled(
          Array.from({ length: 1000 }, () => model.run(one())),
        );
        const refused = settled.filter(
          (result) => result.status === 'rejected' && result.reason.code === 'queue-full',
        );
        const answered = settled.filter(({ status }) => status === 'fulfilled');
        return { refused: refused.length, answered: answered.length };
      });
      expect(counts.answered).toBeGreaterThanOrEqual(64);
      expect(counts.answered + counts.refused).toBe(1000);
    });

    test('what is given away and refused for a full queue is still the caller’s, to be given once more', async ({
      page,
    }) => {
      const seen = await page.evaluate(async () => {
        const { model, one } = globalThis as Scope;
        const bitmaps = await Promise.all(
          Array.from({ length: 100 }, () => createImageBitmap(one())),
        );
        const give = (bitmap: ImageBitmap) => model.run(bitmap, { transfer: true });
        const settled = await Promise.allSettled(bitmaps.map(give));
        const isRefused = (_: unknown, i: number) => settled[i]?.status === 'rejected';
        const refused = bitmaps.filter(isRefused);
        const widths = new Set(refused.map(({ width }) => width));
        const again = await Promise.all(refused.slice(0, 60).map(give));
        return {
          refused: refused.length,
          widths: [...widths],
          labels: again.map(({ output }) => output[0].label),
        };
      });
      expect(seen.refused).toBeGreaterThan(0);
      expect(seen.widths).toEqual([28]);
      expect(new Set(seen.labels)).toEqual(new Set(['1']));
    });

    test('work that waits and runs is let go by its signal, and what follows is not affected', async ({
      page,
    }) => {
      const [outcomes, next] = await page.evaluate(async () => {
        const { model, one } = globalThis as Scope;
        const controller = new AbortController();
        const calls = Array.from({ length: 10 }, () =>
          model.run(one(), { signal: controller.signal }),
        );
        await Promise.resolve();
        controller.abort(new Error('changed my mind'));
        const settled = await Promise.allSettled(calls);
        const { output } = await model.run(one());
        return [
          settled.map((result) => (result.status === 'rejected' ? result.reason.message : 'ran')),
          output[0].label,
        ];
      });
      expect(new Set(outcomes)).toEqual(new Set(['changed my mind']));
      expect(next).toBe('1');
    });
  });
}

interface Best {
  readonly label: string;
  readonly score: number;
}

interface Result {
  readonly output: readonly Best[];
  readonly meta: { readonly batch: number };
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
