import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';

/**
 * Asks a model for all items, one by one, through the whole library.
 *
 * @typedef {(published: { url: string, trust: string, backend: string }, what: { task: string, items: readonly object[], dir: string }) => Promise<unknown[]>} Ask
 *   its outputs, in the order of the items
 */

/** In this process. Node decodes no pictures: it is given the RGBA that Pillow has made of them. @type {Ask} */
export async function askNode({ url, trust, backend }, { task, items, dir }) {
  const { open } = await import('../../packages/nearside/dist/index.js');
  const model = await open(url, { trust, backend, task, store: 'memory' });
  const outputs = [];
  for (const { record, rgba, file } of items) {
    const input = record ?? (rgba ? await readPixels(dir, rgba) : await readBlob(dir, file));
    outputs.push((await model.run(input)).output);
  }
  await model.close();
  return outputs;
}

async function readPixels(dir, { file, width, height }) {
  return { data: new Uint8ClampedArray(await readFile(`${dir}/${file}`)), width, height };
}

async function readBlob(dir, file) {
  return new Blob([await readFile(`${dir}/${file}`)]);
}

/**
 * Starts a browser whose page asks: it is given the files themselves.
 *
 * @param {string} dir empty folder for the page
 * @returns {Promise<{ ask: Ask, openPage(folders: Record<string, string>): Promise<import('@playwright/test').Page>, close(): Promise<void> }>}
 *   `openPage` takes folders by the names that the page finds them under
 */
export async function startChromium(dir) {
  await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'error',
    build: { outDir: dir, emptyOutDir: true, target: 'esnext', assetsInlineLimit: 0 },
  });
  const browser = await chromium.launch(chromiumLaunch);
  const site = await serveSite({ dir, config: {}, port: 0 });
  const openPage = async (folders) => {
    const page = await browser.newPage();
    for (const [name, folder] of Object.entries(folders)) {
      await page.route(`**/${name}/*`, async (route) => {
        const { pathname } = new URL(route.request().url());
        await route.fulfill({ path: `${folder}/${pathname.split('/').at(-1)}` });
      });
    }
    await page.goto(site.url);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    return page;
  };
  return {
    openPage,
    async ask(published, { task, items, dir }) {
      const page = await openPage({ items: dir });
      const given = items.map(({ record, file }) => ({ record, file }));
      const { url, trust, backend } = published;
      const outputs = await page.evaluate(({ address, items }) => globalThis.ask(address, items), {
        address: { url, trust, backend, task },
        items: given,
      });
      await page.close();
      return outputs;
    },
    async close() {
      await Promise.all([browser.close(), site.close()]);
    },
  };
}
