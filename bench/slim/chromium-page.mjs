import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildPage } from '../build-page.mjs';

/**
 * Opens the page that runs models on a runtime file, in a browser of its own, isolated so that there are threads.
 *
 * @param {string} dir empty folder
 * @returns {Promise<{ url: string, addWasm(name: string, bytes: Uint8Array): Promise<string>,
 *   addModel(name: string, model: object): Promise<object>, work(request: object): Promise<{ outcomes: string[][], entered: number[] }>,
 *   close(): Promise<void> }>} `addModel` gives the model with addresses in place of files
 */
export async function openPage(dir) {
  await buildPage(import.meta.url, dir);
  const site = await serveSite({ dir, config: {}, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => 'work' in globalThis);
  return {
    url: site.url,
    async addWasm(name, bytes) {
      await writeFile(`${dir}/${name}.wasm`, bytes);
      return `/${name}.wasm`;
    },
    async addModel(name, { files, ...model }) {
      const addresses = files.map((file) => `/models/${name}/${basename(file)}`);
      await mkdir(dirname(dir + addresses[0]), { recursive: true });
      for (const [i, file] of files.entries())
        await cp(file.startsWith('/') ? file : root + file, dir + addresses[i]);
      return { ...model, files: addresses };
    },
    work: (request) => page.evaluate((given) => globalThis.work(given), request),
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
