import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { startDisplay } from '../../scripts/display.mjs';
import { contentProcesses, residentBytes } from '../../scripts/kills/content-process.mjs';
import { listen } from '../../scripts/listen.mjs';
import { startRepository } from '../../scripts/stack.mjs';
import { median } from '../bootstrap.mjs';
import { withProfile } from '../memory/openings.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { publishRecogniser } from '../start/models.mjs';

const TABS = sized(10, 2);

/** The whole suite takes 20 minutes; one such takes three. */
const TRIALS = 1;

/**
 * When Chromium collects what a hidden page no longer uses, s after it was hidden. By itself it waits one to four minutes, drawn
 * at random. Models are open and rest before that.
 */
const PURGE_S = { opened: sized(100, 10), empty: sized(20, 2) };

/** After that, or after the last model was opened, ms. */
const SETTLED_MS = sized(8_000, 1000);

/**
 * Memory that a model takes in ten tabs, of which nine are hidden, ÷ what it takes in one.
 *
 * @param {{ dir: string, site: string, trials?: number }} options `dir` is an empty folder to work in
 */
export async function tenTabs({ dir, site, trials = TRIALS }) {
  const { generateKeys } = await import('@nearside/publisher');
  await generateKeys({ out: `${dir}/keys` });
  const repository = `${dir}/repository`;
  const { pin: trust } = await publishRecogniser(dir, { repository });
  const [server, display] = [await startRepository(repository, 0), await startDisplay()];
  const how = { url: new URL('recogniser', server.url).href, trust };
  const bench = { site, how, display };
  const ratios = [];
  for (let i = 0; i < Math.min(trials, TRIALS); i += 1) {
    const [one, ten] = [await addedBytes(1, bench), await addedBytes(TABS, bench)];
    console.error(`The recogniser adds ${inMegabytes(one)} to one tab, ${inMegabytes(ten)} to ten`);
    ratios.push(ten / one);
  }
  await Promise.all([server.close(), display.close()]);
  const interval = [Math.min(...ratios), Math.max(...ratios)];
  return row('ten-tabs-ratio', { value: median(ratios), unit: '', interval, atMost: 1.3 });
}

/** Against as many tabs in which nothing was opened. The first tab alone is seen. */
async function addedBytes(tabs, bench) {
  const opened = await bytesOf(tabs, { ...bench, opens: true });
  return opened - (await bytesOf(tabs, { ...bench, opens: false }));
}

/** Nothing drives the browser: with a driver pages keep what they have fetched (`memory/openings.mjs`), and none is hidden. */
function bytesOf(tabs, { site, how, display, opens }) {
  return withProfile(async (profile) => {
    const turns = await Promise.all(Array.from({ length: tabs }, startTurn));
    const pages = turns.map(({ url }) => {
      return `${site}tab.html?${new URLSearchParams({ how: JSON.stringify(how), told: url })}`;
    });
    const { executablePath, args } = chromiumLaunch;
    const purgeS = PURGE_S[opens ? 'opened' : 'empty'];
    const purges = ['min', 'max'].map((end) => `memory_purge_background_${end}_delay/${purgeS}s`);
    const own = [
      ...args,
      `--enable-features=MemoryPurgeInBackground:${purges.join('/')}`,
      ...['--disable-extensions', '--no-default-browser-check', `--user-data-dir=${profile}`],
    ];
    const env = { ...process.env, DISPLAY: display.name };
    const browser = spawn(executablePath, [...own, ...pages], { stdio: 'ignore', env });
    try {
      const begins = [];
      for (const turn of turns) begins.push(await turn.asked());
      const purgedMs = performance.now() + purgeS * 1000;
      if (opens) for (const begin of begins) await begin();
      const leftMs = tabs > 1 ? purgedMs - performance.now() : 0;
      if (leftMs < 0) throw new Error(`Expected ${tabs} models within ${purgeS} s`);
      await sleep(leftMs + SETTLED_MS);
      return contentProcesses().reduce((sum, pid) => sum + residentBytes(pid), 0);
    } finally {
      browser.kill();
      await once(browser, 'exit');
      await Promise.all(turns.map(({ close }) => close()));
    }
  });
}

/** A tab asks for its turn, and tells when it has had it. Each has a server: Chromium has six connections to one. */
async function startTurn() {
  const server = createServer();
  const requests = on(server, 'request');
  const { url, close } = await listen(server, 0);
  async function heard() {
    const [request, response] = (await requests.next()).value;
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    return { body: await text(request), response };
  }
  return {
    url,
    close,
    /** @returns a function that has the tab open its model, and waits for that */
    async asked() {
      const { response } = await heard();
      return async () => {
        response.end();
        const told = await heard();
        told.response.end();
        if (told.body) throw new Error(told.body);
      };
    },
  };
}

function inMegabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
