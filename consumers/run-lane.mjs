import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serveSite } from '../scripts/serve-site.mjs';
import { copyFiles, makeApp, measureFolder, writeFiles } from './app.mjs';
import { runIn, startServer } from './processes.mjs';
import { record } from './recorder.mjs';
import { visitComponents, visitWhileEdited } from './visit-components.mjs';
import { visit, visitOffline } from './visits.mjs';

/** Every check is made with each: undefined is the default choice. */
const BACKENDS = [undefined, 'onnx-wasm'];

/**
 * Makes the app of a lane and checks it. A check that fails does not stop the next.
 *
 * @param {import('./lane.mjs').Lane} lane
 * @param {Workplace} place
 * @returns {Promise<LaneResult>}
 *
 * @typedef {object} Workplace
 * @property {string} dir where the app's folder is made, and removed
 * @property {Record<string, string>} packages the packed ones
 * @property {import('playwright').Browser} browser
 * @property {{ url: string, takeRequests(): import('./recorder.mjs').Fetched[] }} models the repository
 * @property {string} pin
 *
 * @typedef {object} LaneResult
 * @property {string} name
 * @property {boolean} works
 * @property {string} line the setting, or ''
 * @property {number} settings
 * @property {{ name: string, ok: boolean, got: string }[]} checks
 * @property {{ path: string, bytes: number }[]} fetched what the first visit fetched until its first result
 * @property {Figures} figures
 * @property {number} seconds
 *
 * @typedef {object} Figures those of a lane without a page are left out
 * @property {number} [firstResultBytes] sum of `fetched`, less what the page costs without the library
 * @property {number} [buildBytes] of all files that the build wrote
 * @property {number} [largestFileBytes]
 * @property {number} [buildSeconds]
 * @property {number} [otherBuildSeconds] of the lane's `otherBuild`
 * @property {number} [openings] for twenty components that ask for one model
 * @property {number} [openingsLeft] workers, 2 s after all of them have left
 */
export async function runLane(lane, place) {
  const startMs = Date.now();
  const dir = join(place.dir, lane.name);
  const trial = { ...place, lane, dir, checks: [], fetched: [], figures: {} };
  if (await check(trial, 'install', () => makeApp(dir, lane, place.packages))) {
    if (lane.output) await checkBuild(trial);
    if (lane.dev) await checkDevelopment(trial);
    await checkPrograms(trial);
  }
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  return {
    name: lane.name,
    works: trial.checks.every(({ ok }) => ok),
    line: lane.line ?? '',
    settings: lane.line ? 1 : 0,
    checks: trial.checks,
    fetched: trial.fetched,
    figures: trial.figures,
    seconds: secondsSince(startMs),
  };
}

async function checkBuild(trial) {
  const { lane, dir, figures } = trial;
  const bareBytes = lane.bare ? await weighBarePage(trial) : 0;
  if (lane.withoutLine) await check(trial, 'build without the line', () => failBuild(trial));
  const isBuilt = await check(trial, 'build', async () => {
    figures.buildSeconds = await build(dir, lane, lane.build);
    Object.assign(figures, await measureFolder(join(dir, lane.output)));
  });
  if (!isBuilt) return;
  await check(trial, 'serve what was built', async () => {
    const site = await startRecordedSite(trial);
    try {
      await checkVisits(trial, 'built', site);
      await checkComponents(trial, 'built', site);
    } finally {
      await site.close();
    }
    if (lane.isOffline) await checkOffline(trial);
    if (figures.firstResultBytes) figures.firstResultBytes -= bareBytes;
  });
  if (lane.otherBuild) {
    await check(trial, lane.otherBuild.name, async () => {
      figures.otherBuildSeconds = await build(dir, lane, lane.otherBuild.command);
    });
  }
}

/** The tool itself says that the setting is missing. */
async function failBuild({ dir, lane }) {
  const { files, says } = lane.withoutLine;
  await writeFiles(dir, files);
  const end = await build(dir, lane, lane.build).then(
    () => 'it was built',
    ({ message }) => message,
  );
  await writeFiles(dir, lane.files);
  if (!end.includes(says)) throw new Error(`expected '${says}', got '${end}'`);
  return says;
}

/** What the page fetches without the library: its framework, say. */
async function weighBarePage(trial) {
  const { lane, dir, browser } = trial;
  let bytes = 0;
  await check(trial, 'the page without the library', async () => {
    await writeFiles(dir, lane.bare);
    await build(dir, lane, lane.build);
    const site = await startRecordedSite(trial);
    try {
      await visit(browser, site.url);
      bytes = sumOf(fetchedUntil(Number.POSITIVE_INFINITY, site.takeRequests()));
    } finally {
      await site.close();
      await writeFiles(dir, lane.files);
    }
  });
  return bytes;
}

async function build(dir, lane, command) {
  await copyFiles(dir, lane.copies);
  const startMs = Date.now();
  if (command) await runIn(dir, command);
  return secondsSince(startMs);
}

/** By the tool's own server, where the lane has one; else as static files. */
async function startRecordedSite({ lane, dir, models }) {
  const headers = await lane.headers?.(new URL(models.url).origin);
  const output = { dir: join(dir, lane.output), headers, isolated: false, config: {}, port: 0 };
  const server = lane.start ? await startServer(dir, lane.start) : await serveSite(output);
  const recorder = await record(server.url);
  return {
    ...recorder,
    async close() {
      await recorder.close();
      await server.close();
    },
  };
}

async function checkDevelopment(trial) {
  const { lane, dir } = trial;
  await check(trial, 'start the development server', async () => {
    await copyFiles(dir, lane.copies);
    const server = await startServer(dir, lane.dev);
    try {
      await checkVisits(trial, 'dev', server);
      await checkComponents(trial, 'dev', server);
    } finally {
      await server.close();
    }
  });
}

/** In a browser, and at the addresses that classify by themselves. */
async function checkVisits(trial, when, site) {
  const { lane, browser, models, figures } = trial;
  for (const backend of BACKENDS) {
    const query = queryFor(trial, backend);
    models.takeRequests();
    await checkResult(trial, `${when}, ${backend ?? 'default'}`, backend, async () => {
      const { result, atMs } = await visit(browser, `${site.url}?${query}`);
      if (site.takeRequests && backend === undefined && atMs > 0) {
        trial.fetched = fetchedUntil(atMs, [...site.takeRequests(), ...models.takeRequests()]);
        figures.firstResultBytes = sumOf(trial.fetched);
      }
      return result;
    });
    for (const route of lane.routes ?? []) {
      await checkResult(trial, `${when}, /${route}, ${backend ?? 'default'}`, backend, async () => {
        const answer = await fetch(`${site.url}${route}?${query}`);
        return answer.ok ? answer.text() : `status ${answer.status}`;
      });
    }
  }
}

/** Each backend, on a site of its own that ends before the second visit. */
async function checkOffline(trial) {
  const { browser } = trial;
  for (const backend of BACKENDS) {
    await checkResult(trial, `offline, ${backend ?? 'default'}`, backend, async () => {
      const site = await startRecordedSite(trial);
      const url = `${site.url}?${queryFor(trial, backend)}`;
      const result = await visitOffline(browser, url, site.close);
      const paths = site.takeRequests().map(({ path }) => path);
      const twice = paths.filter((path, i) => /^\/assets\//.test(path) && paths.indexOf(path) < i);
      if (twice.length > 0) throw new Error(`expected each file once, got ${twice} twice`);
      return result;
    });
  }
}

/** Of a lane with a helper for frameworks. */
async function checkComponents(trial, when, { url }) {
  const { lane, dir, browser, figures } = trial;
  if (!lane.component) return;
  const address = `${url}?${queryFor(trial)}`;
  await check(trial, `${when}, many components`, async () => {
    Object.assign(figures, await visitComponents(browser, address));
  });
  if (when === 'dev') {
    const file = join(dir, lane.component);
    await check(trial, 'dev, hot reload', () => visitWhileEdited(browser, address, file));
  } else {
    await check(trial, `${when}, rendered by a server`, async () => {
      const page = await (await fetch(url)).text();
      if (!page.includes('title="unedited"')) throw new Error(`expected a component, got ${page}`);
    });
  }
}

async function checkPrograms(trial) {
  const { lane, dir, models, pin } = trial;
  for (const [name, command] of Object.entries(lane.programs ?? {})) {
    for (const backend of BACKENDS) {
      const env = { MODEL: `${models.url}digits`, TRUST: pin, BACKEND: backend ?? '' };
      await checkResult(trial, `${name}, ${backend ?? 'default'}`, backend, () =>
        runIn(dir, command, env),
      );
    }
  }
}

function queryFor({ models, pin }, backend) {
  const query = new URLSearchParams({ model: `${models.url}digits`, trust: pin });
  if (backend) query.set('backend', backend);
  return query;
}

/** The page's own HTML does not count, nor what began after the first run. */
function fetchedUntil(atMs, requests) {
  return requests
    .filter(({ startMs, type }) => startMs < atMs && !type.startsWith('text/html'))
    .map(({ path, bytes }) => ({ path, bytes }));
}

function sumOf(fetched) {
  return fetched.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A one, by the backend that was asked for. */
async function checkResult(trial, name, backend, classify) {
  await check(trial, name, async () => {
    const got = (await classify()).trim();
    const expected = `1 by ${backend ?? ''}`;
    if (!got.startsWith(expected)) throw new Error(`expected '${expected}', got '${got}'`);
    return got;
  });
}

/** @returns {Promise<boolean>} whether it went well */
async function check({ checks, lane }, name, act) {
  try {
    const got = await act();
    checks.push({ name, ok: true, got: got ?? '' });
    return true;
  } catch (error) {
    checks.push({ name, ok: false, got: error.message });
    console.error(`✗ ${lane.name}, ${name}: ${error.message}`);
    return false;
  }
}

function secondsSince(startMs) {
  return (Date.now() - startMs) / 1000;
}
