import type { Page } from '@playwright/test';

/**
 * While it works, what the page ends after `limitMs`, as `startAwakeTimer` does in two halves, is ended after a second;
 * every other limit is as it was. So one can be set that only a hang reaches, on however slow a machine, and no
 * test waits for it.
 */
export async function shortenLimit<T>(
  page: Page,
  limitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const plain = await page.evaluateHandle((halfMs) => {
    const { setTimeout } = globalThis;
    const start = (act: () => void, ms?: number, ...more: unknown[]) =>
      setTimeout(act, ms === halfMs ? 500 : ms, ...more);
    Object.assign(globalThis, { setTimeout: start });
    return setTimeout;
  }, limitMs / 2);
  try {
    return await work();
  } finally {
    await plain.evaluate((setTimeout) => void Object.assign(globalThis, { setTimeout }));
  }
}
