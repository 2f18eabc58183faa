import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';

/** How long a page stays open after its visit, ms: what the browser keeps of compiled code is written meanwhile. */
const STAY_MS = 2_500;

/**
 * @typedef {object} Visit times in ms
 * @property {number} timeOrigin Unix time; the others count from there
 * @property {number} startMs when the model was asked for
 * @property {number} openedMs
 * @property {number} firstResultMs
 * @property {number[][]} stretches times of runs
 * @property {{ atMs: number, ratio: number }[]} progress as `onProgress` was told
 */

/**
 * Visits a page in a profile of its own, each time in a browser that has just started: one that is open shares
 * compiled code between pages.
 *
 * @param {string} url of the built page
 * @param {object[]} hows what each visit does; see `visit.js`
 * @returns {Promise<Visit[]>}
 */
export async function visitInTurn(url, hows) {
  const profile = await mkdtemp(`${tmpdir()}/nearside-profile-`);
  const seen = [];
  try {
    for (const how of hows) seen.push(await visit(profile, url, how));
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  return seen;
}

async function visit(profile, url, how) {
  const browser = await chromium.launchPersistentContext(profile, chromiumLaunch);
  try {
    const page = await browser.newPage();
    await page.goto(`${url}?how=${encodeURIComponent(JSON.stringify(how))}`);
    await page.waitForSelector('html[data-state=done]', { timeout: 120_000, state: 'attached' });
    const seen = JSON.parse(await page.locator('body').textContent());
    if (seen.error) throw new Error(`${how.by}, ${how.model}: ${seen.error}`);
    await page.waitForTimeout(STAY_MS);
    return seen;
  } finally {
    await browser.close();
  }
}
