import { engines } from '../../scripts/kills/engines.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { publishDigits } from './digits.mjs';
import { killAtDrawnMoments } from './drawn-kills.mjs';
import { publishHeavyDigits } from './heavy-digits.mjs';
import { endInnocently } from './innocent-ends.mjs';
import { markCosts } from './mark-costs.mjs';
import { describeVisit, peakOf, visitOnPhone } from './phone-visits.mjs';
import { tenTabs } from './ten-tabs.mjs';

/** Of pages while a mark stands. */
const KILLS = { chromium: sized(100), firefox: sized(20), webkit: sized(20) };

/** How often a page ends in each way that is no death. */
const ENDS = sized(20);

/** Visits after `page-lost`, in which nothing may be killed. */
const VISITS_AFTER = sized(20);

/** Each phone that serves in the end does so by this visit. */
const MOST_VISITS = 3;

/**
 * Pages that are killed as a phone kills them, and what the next visit makes of it.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] kills of each engine, ends of each kind, and pairs
 */
export async function* runSuite(dir, { trials } = {}) {
  await buildDeathsPage(`${dir}/page`);
  const digits = await publishDigits(`${dir}/models`);
  const heavy = await publishHeavyDigits(`${dir}/heavy`);
  const served = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const bench = { site: served.url, digits, trials };
  yield* allDeathsMissed(dir, bench);
  yield await deathsFalse({ ...bench, elsewhere: heavy.address.url, ends: trials ?? ENDS });
  yield* await visitsUntilServed({ ...bench, heavy });
  yield* markCosts({ ...bench, address: digits.address });
  yield await tenTabs({ dir: `${dir}/recogniser`, ...bench });
  await Promise.all([served, digits, heavy].map(({ close }) => close()));
}

/** @param {string} outDir */
export function buildDeathsPage(outDir) {
  return buildPage(import.meta.url, outDir, ['index', 'costs', 'tab']);
}

/**
 * WebKit's pages are known without stopping others, so it goes beside the others, which take turns: with models of its own,
 * because one version is offered at a time.
 */
async function* allDeathsMissed(dir, { trials, ...bench }) {
  const missedIn = (engine, digits) =>
    deathsMissed(engine, { ...bench, digits, kills: trials ?? KILLS[engine] });
  const ownDigits = await publishDigits(`${dir}/models-beside`);
  const beside = missedIn('webkit', ownDigits);
  beside.catch(() => {}); // awaited below
  const { digits } = bench;
  yield await missedIn('chromium', digits);
  yield await missedIn('firefox', digits);
  yield await beside;
  await ownDigits.close();
}

async function deathsMissed(engine, bench) {
  const trials = await killAtDrawnMoments(engine, bench);
  const faults = trials.flatMap(({ phase, fault }) => (fault ? [`${phase}: ${fault}`] : []));
  const counts = countBy(trials, ({ phase }) => phase);
  console.error(`${engine}: killed in ${counts}`);
  for (const fault of faults) console.error(`${engine}, ${fault}`);
  const unit = `of ${trials.length} kills`;
  return row(`deaths-missed, ${engine}`, { value: faults.length, unit, atMost: 0 });
}

async function deathsFalse(bench) {
  const seen = await endInnocently(bench);
  const wrong = seen.filter(({ deaths }) => deaths.length > 0);
  for (const { end, deaths } of wrong) console.error(`${end}: ${JSON.stringify(deaths)}`);
  const unit = `of ${seen.length} ends`;
  return row('deaths-false', { value: wrong.length, unit, atMost: 0 });
}

/** A phone with room for the lighter variant alone, and one with room for none. */
async function visitsUntilServed({ site, digits, heavy }) {
  const engine = await engines.chromium();
  const how = { ...heavy.address, works: ['run'], runMs: 500 };
  const light = { ...digits.address, works: ['run'], runMs: 500 };
  const alone = { backend: 'onnx-wasm', threads: 1, tune: 'off' };
  const peaks = {
    heavy: await peakOf(engine, { site, how }),
    light: await peakOf(engine, { site, how: { ...light, options: alone } }),
    none: await peakOf(engine, { site, how: { works: [] } }),
  };
  const roomBytes = {
    light: (peaks.light + peaks.heavy) / 2,
    none: (peaks.none + peaks.light) / 2,
  };
  const isServed = ({ answer }) => answer?.said !== undefined;
  const isLost = ({ answer }) => answer?.code === 'page-lost';
  const phone = async (room, until, visits) => {
    const device = await engine.newDevice();
    const seen = await visitOnPhone(device, {
      site,
      how,
      roomBytes: roomBytes[room],
      visits,
      until,
    });
    console.error(`A phone with ${Math.round(roomBytes[room] / 1e6)} MB for a page:`);
    for (const [i, visit] of seen.entries()) console.error(describeVisit(visit, i));
    return { device, seen };
  };
  const served = await phone('light', isServed, 2 * MOST_VISITS);
  const lost = await phone('none', isLost, 2 * MOST_VISITS);
  const after = await visitOnPhone(lost.device, {
    site,
    how,
    roomBytes: roomBytes.none,
    visits: VISITS_AFTER,
  });
  await engine.close();
  return [
    row('visits-until-served', {
      value: served.seen.some(isServed) ? served.seen.length : Infinity,
      unit: 'visits',
      atMost: MOST_VISITS,
    }),
    row('kills-before-page-lost', {
      value: lost.seen.some(isLost)
        ? lost.seen.filter(({ isKilled }) => isKilled).length
        : Infinity,
      unit: 'kills',
      atMost: MOST_VISITS,
    }),
    row('kills-after-page-lost', {
      value: after.filter(({ isKilled }) => isKilled).length,
      unit: `in ${VISITS_AFTER} visits`,
      atMost: 0,
    }),
  ];
}

function countBy(values, keyOf) {
  const counts = new Map();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return [...counts].map(([key, count]) => `${key} ${count}`).join(', ');
}
