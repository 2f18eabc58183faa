import { coldStart } from './cold-start.mjs';
import { fourTabs } from './four-tabs.mjs';
import { killTrials } from './kill-trials.mjs';
import { oneLayer } from './one-layer.mjs';
import { quietUpdates } from './quiet-updates.mjs';
import { startSite } from './site.mjs';
import { verifierSize } from './verifier-size.mjs';
import { warmVerify } from './warm-verify.mjs';

/** Enough to notice what is broken; the long run is `--trials 100`. */
const TRIALS = 10;

/**
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} options how often a browser is killed
 */
export async function runSuite(dir, { trials = TRIALS } = {}) {
  const site = await startSite(`${dir}/page`);
  try {
    return [
      await warmVerify(`${dir}/warm`, site),
      ...(await verifierSize()),
      ...(await oneLayer(`${dir}/layers`)),
      await coldStart(`${dir}/cold`, site),
      ...(await quietUpdates(`${dir}/quiet`)),
      await fourTabs(`${dir}/tabs`, site),
      ...(await killTrials(`${dir}/kills`, site, { trials })),
    ];
  } finally {
    await site.close();
  }
}
