import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../chromium.mjs';
import { startCollectorIn, startRepository, startSite, startStack } from '../stack.mjs';
import { browserStorage } from './browser-storage.mjs';
import { digitsPage, readHeldOutDigits } from './digits-page.mjs';
import { summarise } from './summarise.mjs';

/** How long the outbox may take to drain once the collector is back, ms. */
const DRAIN_MS = 15_000;

/** The weights that are tampered with are those of this backend. */
const ON_ONNX = '?backend=onnx-wasm';

/**
 * Publishes a model, opens it cold and warm, reads 1,000 held-out digits on both backends, goes
 * offline, tampers with the cache and with the repository, and counts what reached the collector:
 * the reports of the held-out digits, which are no runs of people, and the run of a drawn one.
 *
 * @param {string} dir empty folder to work in
 * @param {{ say: (line: string) => void }} options
 */
export async function runDemo(dir, { say }) {
  const stack = await startStack({ dir, anyPorts: true, models: ['digits'] });
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const visitor = await browser.newContext();
    say('Reading 1,000 held-out digits on each backend …');
    const heldOut = await readOnBothBackends(visitor, stack.servers.site.url);
    const afterHeldOut = await arrived(stack.servers.collector.url, heldOut);

    say('Reloading with every server stopped …');
    const page = await visitor.newPage();
    const offline = await reloadOffline(page, stack);

    say('Changing one byte of the cache, offline and online …');
    const weights = await weightChunk(stack.packed);
    const cacheOffline = await openWithChangedCache(page, weights.sha256);
    const pendingRuns = await browserStorage(page).pendingRuns();
    const restarted = await restart(dir, stack);
    const cacheOnline = await openAndHeal(page, weights.sha256);
    await drained(page);
    const fleet = await fleetLatency(restarted.collector.url);

    say('Changing one byte of the published files, on an empty cache …');
    await flipFileByte(`${stack.repository}/chunks/${weights.file}`);
    const repository = await openAsStranger(browser, restarted.site.url);

    await Promise.all(Object.values(restarted).map((server) => server.close()));
    return summarise({
      heldOut,
      ...offline,
      tampered: { cacheOffline, cacheOnline, repository },
      afterHeldOut,
      pendingRuns,
      fleet,
    });
  } finally {
    await browser.close();
  }
}

async function readOnBothBackends(visitor, siteUrl) {
  const cold = await readHeldOutDigits(visitor, siteUrl, 'onnx-wasm');
  const tfjs = await readHeldOutDigits(visitor, siteUrl, 'tfjs-wasm');
  const warm = await readHeldOutDigits(visitor, siteUrl, 'onnx-wasm');
  return { cold, tfjs, warm };
}

/** What the collector says of the held-out digits when their reports are there, or did not come in time. */
async function arrived(collectorUrl, heldOut) {
  const visits = Object.values(heldOut);
  const reports = visits.reduce((sum, { sealedReports }) => sum + sealedReports, 0);
  const started = Date.now();
  for (;;) {
    const { total } = await fleetLatency(collectorUrl);
    if (total.reports >= reports || Date.now() - started > DRAIN_MS) return total;
    await setTimeout(100);
  }
}

/** One visit with the servers, one without: the shell, the runtime and the model are all there. */
async function reloadOffline(page, { servers }) {
  const digits = digitsPage(page);
  await page.goto(servers.site.url + ON_ONNX);
  await digits.modelState();
  await digits.offlineCopy();
  const crossOriginIsolated = await page.evaluate(() => globalThis.crossOriginIsolated);
  await drained(page);
  await Promise.all(Object.values(servers).map((server) => server.close()));
  await page.reload();
  const ready = (await digits.modelState()) === 'ready';
  return { crossOriginIsolated, offline: ready && (await digits.drawOne()) === '1' };
}

async function openWithChangedCache(page, sha256) {
  await browserStorage(page).flipByte(sha256);
  await page.reload();
  return digitsPage(page).errorCode();
}

async function openAndHeal(page, sha256) {
  await page.reload();
  const state = await digitsPage(page).modelState();
  const intact = await browserStorage(page).isIntact(sha256);
  return state === 'ready' && intact
    ? 'healed'
    : `${state}, ${intact ? 'intact' : 'still changed'}`;
}

/** The same files on the same ports. */
async function restart(dir, { repository: repositoryDir, config, servers }) {
  const repository = await startRepository(repositoryDir, servers.repository.port);
  const collector = await startCollectorIn(dir, servers.collector.port);
  const site = await startSite(config, servers.site.port);
  return { repository, collector, site };
}

/** Opening drains the outbox at once; `online` is what a browser fires when a network comes back. */
async function drained(page) {
  const started = Date.now();
  while ((await browserStorage(page).pendingRuns()) > 0) {
    if (Date.now() - started > DRAIN_MS) throw new Error('the outbox did not drain');
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await page.waitForTimeout(100);
  }
}

async function openAsStranger(browser, siteUrl) {
  const stranger = await browser.newContext();
  const page = await stranger.newPage();
  await page.goto(siteUrl + ON_ONNX);
  const code = await digitsPage(page).errorCode();
  await stranger.close();
  return code;
}

/** The chunk that holds the int8 weights, and its file in the repository. */
async function weightChunk(packed) {
  const { files } = JSON.parse(await readFile(`${packed}/digits/layout.json`, 'utf8'));
  const [[sha256, , gzipBytes]] = files['int8/model.onnx'];
  return { sha256, file: gzipBytes === undefined ? sha256 : `${sha256}.z` };
}

async function flipFileByte(path) {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path, bytes);
}

async function fleetLatency(collectorUrl) {
  const response = await fetch(`${collectorUrl}/v1/fleet/latency?model=digits`);
  if (!response.ok) throw new Error(`/v1/fleet/latency answered ${response.status}`);
  return response.json();
}
