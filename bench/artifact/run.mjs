import { sized } from '../sized.js';
import { coldStart } from './cold-start.mjs';
import { fourTabs } from './four-tabs.mjs';
import { killTrials } from './kill-trials.mjs';
import { oneLayer } from './one-layer.mjs';
import { quietUpdates } from './quiet-updates.mjs';
import { startSite } from './site.mjs';
import { verifierSize } from './verifier-size.mjs';
import { warmVerify } from './warm-verify.mjs';

/** Enough to notice what is broken; the long run is `--trials 100`. */
const TRIALS = sized(10, 2);

/**
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} options how often a browser is killed
 */
export async function* runSuite(dir, { trials = TRIALS } = {}) {
  const site = await startSite(`${dir}/page`);
  try {
    yield await warmVerify(`${dir}/warm`, site);
    yield* await verifierSize();
    yield* await oneLayer(`${dir}/layers`);
    yield await coldStart(`${dir}/cold`, site);
    yield* await quietUpdates(`${dir}/quiet`);
    yield await fourTabs(`${dir}/tabs`, site);
    yield* await killTrials(`${dir}/kills`, site, { trials });
  } finally {
    await site.close();
  }
}
