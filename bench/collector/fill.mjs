import { randomBytes } from 'node:crypto';
import { contributionOf } from '../../packages/collector/dist/counting/contribution.js';
import { createNames } from '../../packages/collector/dist/counting/names.js';
import { openSqliteRollupStore } from '../../packages/collector/dist/sqlite/sqlite-rollup-store.js';
import { draftReport, seeded } from './reports.mjs';

const BUCKET_MS = 300_000;
const DRAFTS = 3000;

/**
 * A file as it is after 30 days of 5 versions on 6 classes of device and 4 backends.
 *
 * @param {{ reports: number, nowMs?: number, days?: number, version?: string }} options `version`: all have this one
 */
export async function fillMonth(file, { reports, nowMs = Date.now(), days = 30, version }) {
  const store = openSqliteRollupStore(file);
  const names = createNames(await store.names());
  const random = seeded(11);
  const drafts = Array.from({ length: DRAFTS }, () =>
    contributionOf(draftReport(random, { t0: nowMs, sent: nowMs, version }), nowMs, names),
  );
  const buckets = (days * 86_400_000) / BUCKET_MS;
  const endMs = nowMs - (nowMs % BUCKET_MS);
  let added = 0;
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const bucketMs = endMs - (buckets - bucket) * BUCKET_MS;
    const until = Math.round(((bucket + 1) * reports) / buckets);
    const batch = [];
    for (; added < until; added += 1) {
      const draft = drafts[Math.floor(random() * DRAFTS)];
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
