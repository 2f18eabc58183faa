import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';

/**
 * Builds a page and serves it. Of `tests/page`, `nearside` and `one()` are on its global scope.
 *
 * @param folder of the page, in `tests`
 */
export async function serveBarePage(folder = 'page') {
  const outDir = await mkdtemp(join(tmpdir(), 'nearside-page-'));
  const { NODE_ENV } = process.env;
  await build({
    configFile: false,
    root: `${root}tests/${folder}`,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, target: 'esnext', assetsInlineLimit: 0 },
  });
  // Vite sets it for a build; the next test's `npm install` would leave out what is for development.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  const { url, close } = await serveSite({ dir: outDir, config: {}, port: 0 });
  return {
    url,
    async close() {
      await close();
      await rm(outDir, { recursive: true });
    },
  };
}

export async function gotoBarePage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
}
