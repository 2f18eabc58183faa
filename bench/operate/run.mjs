import { sized } from '../sized.js';
import { databaseCosts } from './database-costs.mjs';
import { databaseIngest } from './database-ingest.mjs';
import { databaseKills } from './database-kills.mjs';
import { databaseQuery } from './database-query.mjs';
import { fillFleet } from './fleet-file.mjs';
import { fullIds } from './full-ids.mjs';
import { lookCpu } from './look-cpu.mjs';
import { metricsScrape } from './metrics-scrape.mjs';
import { rulePlays } from './rule-plays.mjs';

const PAIRS = sized(5);
/** Each of two stores gets so many, and a million takes seconds. 20 million are two weeks of 14 reports a second. */
const IDS = sized(2_000_000, 32_000);

/** @param {string} dir empty folder to work in */
export async function* runSuite(dir, { trials = PAIRS, ids = IDS }) {
  yield* databaseIngest(dir, { trials });
  yield* databaseCosts();
  yield* databaseKills();
  yield* databaseQuery(dir);
  yield* fullIds(dir, { trials, ids });
  const fleet = `${dir}/fleet.sqlite`;
  await fillFleet(fleet);
  yield* lookCpu(fleet);
  yield* metricsScrape(fleet, trials);
  yield* rulePlays();
}
