import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import sirv from 'sirv';
import { build } from 'vite';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { listen } from '../../scripts/listen.mjs';

/**
 * Builds the suite's page into `dir` and serves it.
 *
 * @returns {Promise<{ url: string, onReport(listener: (report: object) => void): void, close(): Promise<void> }>}
 */
export async function startSite(dir) {
  await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'error',
    build: { outDir: dir, emptyOutDir: true, target: 'esnext', assetsInlineLimit: 0 },
  });
  const files = sirv(dir);
  let onReport = () => {};
  const server = createServer(async (request, response) => {
    if (request.url !== '/reports') return files(request, response);
    const pieces = await request.toArray();
    response.end();
    onReport(JSON.parse(Buffer.concat(pieces).toString()));
  });
  return {
    ...(await listen(server, 0)),
    onReport(listener) {
      onReport = listener;
    },
  };
}

/**
 * Opens the page `count` times as tabs of one browser whose profile is new, and calls `work` with
 * them.
 */
export async function withTabs({ url }, count, work) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const context = await browser.newContext();
    const tabs = await Promise.all(
      Array.from({ length: count }, async () => {
        const tab = await context.newPage();
        await tab.goto(url);
        await tab.waitForSelector('html[data-state=ready]');
        return tab;
      }),
    );
    return await work(tabs);
  } finally {
    await browser.close();
  }
}
