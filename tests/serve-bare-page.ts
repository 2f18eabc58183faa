import type { Page } from '@playwright/test';
import { build } from 'vite';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';

/** Builds `tests/page` into a folder and serves it: `nearside` and `one()` are on its global scope. */
export async function serveBarePage(outDir: string) {
  await build({
    configFile: false,
    root: `${root}tests/page`,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, target: 'esnext', assetsInlineLimit: 0 },
  });
  return serveSite({ dir: outDir, config: {}, port: 0 });
}

export async function gotoBarePage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
}
