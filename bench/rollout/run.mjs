import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildPage } from '../build-page.mjs';
import { autopilotKilled } from './autopilot-killed.mjs';
import { buckets } from './buckets.mjs';
import { localFalse } from './local-false.mjs';
import { localRollBack } from './local-roll-back.mjs';
import { openReleases } from './releases.mjs';
import { swaps } from './swaps.mjs';
import { verdicts } from './verdicts.mjs';
import { wayBack } from './way-back.mjs';

const PAGES = { load: import.meta.url, device: new URL('../game-day/run.mjs', import.meta.url) };

/**
 * Who is in a rollout, how devices change versions and give one up, and what autopilot makes of a canary.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} options ways back, rollouts of each kind, and devices whose pages die
 */
export async function* runSuite(dir, { trials }) {
  yield* buckets();
  yield* inBrowsers(dir, { trials });
  yield* localRollBack(`${dir}/local`, { devices: trials });
  yield* localFalse();
  yield* autopilotKilled(`${dir}/killed`);
  yield* verdicts({ trials });
}

async function* inBrowsers(dir, { trials }) {
  const releases = await openReleases(`${dir}/releases`);
  const browser = await chromium.launch(chromiumLaunch);
  yield* onPage('load', dir, (site) => swaps({ browser, site, releases, trials }));
  yield* onPage('device', dir, (site) => wayBack({ browser, site, releases, trials }));
  await browser.close();
  await releases.close();
}

/** @param {(site: string) => AsyncIterable<object>} measure */
async function* onPage(name, dir, measure) {
  await buildPage(PAGES[name], `${dir}/${name}`);
  const site = await serveSite({ dir: `${dir}/${name}`, config: {}, port: 0 });
  yield* measure(site.url);
  await site.close();
}
