import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { chromiumGpuLaunch, chromiumLaunch } from '../../scripts/chromium.mjs';
import { startPhone } from '../../scripts/kills/phone.mjs';

/** An opening of 256 MB on a busy machine, ms. */
const LIMIT_MS = 180_000;

/** How often it is seen that the phone has ended the page, ms. */
const LOOK_MS = 50;

const OWN_ARGS = ['--headless', '--disable-extensions', '--no-default-browser-check'];

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
 * Opens a model in a browser that has just started, on a phone. Nothing drives the browser: with a driver the page's
 * process keeps up to 200 MB of what it has fetched, for the driver to ask for (Chromium 156).
 *
 * @param {string} profile
 * @param {{ site: string, how: object, roomBytes?: number }} options `how` as visit.js takes it
 * @returns {Promise<{ openMs: number, peakBytes: number } | undefined>} undefined if the phone ended the page. The peak is
 *   looked for every 5 ms, as `residentBytes` counts
 */
export async function openOnce(profile, { site, how, roomBytes = Number.POSITIVE_INFINITY }) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const query = new URLSearchParams({
    how: JSON.stringify(how),
    told: `http://127.0.0.1:${server.address().port}/`,
  });
  const { executablePath, args } = how.backend.endsWith('webgpu')
    ? chromiumGpuLaunch
    : chromiumLaunch;
  const phone = startPhone({ roomBytes });
  const own = [...args, ...OWN_ARGS, `--user-data-dir=${profile}`];
  const browser = spawn(executablePath, [...own, `${site}?${query}`], { stdio: 'ignore' });
  try {
    const seen = await Promise.race([resultTo(server), ended(phone), tooLate(how)]);
    if (seen?.error) throw new Error(`${JSON.stringify(how)}: ${seen.error}`);
    return seen && { ...seen, peakBytes: phone.peakBytes() };
  } finally {
    phone.stop();
    server.close();
    server.closeAllConnections();
    if (browser.exitCode === null) {
      browser.kill();
      await once(browser, 'exit');
    }
  }
}

/** What the page posts. */
async function resultTo(server) {
  const [request, response] = await once(server, 'request');
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin').end();
  return JSON.parse(await text(request));
}

function ended(phone) {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (phone.kills.length === 0) return;
      clearInterval(timer);
      resolve(undefined);
    }, LOOK_MS);
    timer.unref();
  });
}

function tooLate(how) {
  return new Promise((_resolve, reject) => {
    const error = new Error(`${JSON.stringify(how)}: expected a result within ${LIMIT_MS} ms`);
    setTimeout(() => reject(error), LIMIT_MS).unref();
  });
}
