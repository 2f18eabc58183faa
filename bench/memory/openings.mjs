import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { chromium } from '@playwright/test';
import { chromiumGpuLaunch, chromiumLaunch } from '../../scripts/chromium.mjs';
import { startPhone } from '../../scripts/kills/phone.mjs';

/** An opening of 256 MB on a busy machine, ms. */
const LIMIT_MS = 180_000;

/**
 * Does something with a profile of its own, in which models that were opened once stay.
 *
 * @template Result
 * @param {(profile: string) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withProfile(work) {
  const profile = await mkdtemp(`${tmpdir()}/nearside-profile-`);
  try {
    return await work(profile);
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Opens a model in a browser that has just started, on a phone.
 *
 * @param {string} profile
 * @param {{ site: string, how: object, roomBytes?: number }} options `how` as visit.js takes it
 * @returns {Promise<{ openMs: number, peakBytes: number } | undefined>} undefined if the phone ended the page. The peak is
 *   sampled every 5 ms, as `residentBytes` counts
 */
export async function openOnce(profile, { site, how, roomBytes = Number.POSITIVE_INFINITY }) {
  const launch = how.backend?.endsWith('webgpu') ? chromiumGpuLaunch : chromiumLaunch;
  const browser = await chromium.launchPersistentContext(profile, launch);
  const phone = startPhone({ roomBytes });
  try {
    const page = await browser.newPage();
    const crashed = new Promise((resolve) => page.once('crash', () => resolve(undefined)));
    await page.goto(`${site}?how=${encodeURIComponent(JSON.stringify(how))}`);
    const seen = await Promise.race([crashed, resultOf(page)]);
    if (seen?.error) throw new Error(`${JSON.stringify(how)}: ${seen.error}`);
    return seen && { ...seen, peakBytes: phone.peakBytes() };
  } finally {
    phone.stop();
    await browser.close();
  }
}

/** @returns undefined if the page is ended meanwhile */
async function resultOf(page) {
  try {
    await page.waitForSelector('html[data-state=done]', { timeout: LIMIT_MS, state: 'attached' });
    return JSON.parse(await page.locator('body').textContent());
  } catch (error) {
    if (/crashed/i.test(error.message)) return undefined;
    throw error;
  }
}
