import type { Page } from '@playwright/test';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage } from './serve-bare-page.js';

/**
 * A bare page with the leaky sum's frames on its global scope, and a way to see what becomes of streams.
 *
 * @param x of each frame, four numbers
 */
export async function gotoStreamPage(
  page: Page,
  { url, x }: { url: string; x: readonly number[][] },
): Promise<void> {
  await gotoBarePage(page, url);
  await page.evaluate(keepWorkers);
  await page.evaluate((x) => {
    const scope = globalThis as Scope;
    const input = (row: number[]) => ({
      tensors: { x: { datatype: 'FP32', shape: [1, 4], data: Float32Array.from(row) } },
    });
    scope.inputs = x.map(input);
    scope.valuesOf = ({ output }: Scope) => [...output.tensors.y.data];
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
  }, x);
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
