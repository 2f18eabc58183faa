import { randomBytes } from 'node:crypto';
import { contributionOf } from '../../packages/collector/dist/counting/contribution.js';
import { createNames } from '../../packages/collector/dist/counting/names.js';
import { openSqliteRollupStore } from '../../packages/collector/dist/sqlite/sqlite-rollup-store.js';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { draftReport, seeded } from './reports.mjs';

/** Reports of so long are written together. */
const BUCKET_MS = sized(300_000, 21_600_000);
const DRAFTS = 3000;

/**
 * A file as it is after 30 days of 5 versions on 6 classes of device and 4 backends.
 *
 * @param {object} options
 * @param {number} options.reports
 * @param {number} [options.nowMs]
 * @param {number} [options.days]
 * @param {object[]} [options.of] dimensions that reports are given, drawn from these; the others are drawn for each
 */
export async function fillMonth(file, { reports, nowMs = Date.now(), days = 30, of = [{}] }) {
  const store = openSqliteRollupStore(file);
  const names = createNames(await store.names());
  const random = seeded(11);
  const drafts = Array.from({ length: Math.max(DRAFTS, of.length) }, (_, i) => {
    const given = of[i % of.length];
    return contributionOf(draftReport(random, { t0: nowMs, sent: nowMs, ...given }), nowMs, names);
  });
  const buckets = (days * 86_400_000) / BUCKET_MS;
  const endMs = nowMs - (nowMs % BUCKET_MS);
  let added = 0;
  for (const bucket of turns('days of reports, in steps', buckets)) {
    const bucketMs = endMs - (buckets - bucket) * BUCKET_MS;
    const until = Math.round(((bucket + 1) * reports) / buckets);
    const batch = [];
    for (; added < until; added += 1) {
      const draft = drafts[Math.floor(random() * drafts.length)];
      const id = randomBytes(16).toString('hex');
      batch.push({
        ...draft,
        id,
        bucketMs,
        day: Math.floor(bucketMs / 86_400_000),
        arrivedMs: bucketMs,
      });
    }
    if (batch.length > 0) await store.add(batch);
    // what is pending is added to its rows in between
    if (bucket % 4 === 0) await store.settle();
  }
  await store.close();
}
