import type { Page } from '@playwright/test';

/** Whether the page's browser has WebGPU with an adapter. The first question can be answered wrongly. */
export function hasGpu(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const ask = async () => Boolean(await navigator.gpu?.requestAdapter().catch(() => null));
    return (await ask()) || (await ask());
  });
}
