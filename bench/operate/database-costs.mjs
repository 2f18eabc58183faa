import { randomBytes } from 'node:crypto';
import { contributionOf } from '../../packages/collector/dist/counting/contribution.js';
import { createNames } from '../../packages/collector/dist/counting/names.js';
import { openPostgresRollupStore } from '../../packages/collector/dist/postgres/postgres-rollup-store.js';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { draftReport, seeded } from '../collector/reports.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';

const BATCHES = sized(200, 4);
const BATCH = 200;
const REPORTS = BATCHES * BATCH;
const DRAFTS = 3000;

/** What a report costs a database and the collector that folds the log, without what HTTP takes. */
export async function* databaseCosts() {
  const postgres = await startPostgres({ settings: { fsync: 'on' } });
  const address = await postgres.createDatabase();
  // the log is folded when it is asked for, so that both can be measured apart
  const store = await openPostgresRollupStore(address, { foldEveryMs: 3_600_000 });
  await store.prune(Date.now());
  const batches = makeBatches();
  await store.add(batches.pop());
  await store.settle();

  const adding = await measure(postgres, address, () => addAll(store, batches));
  const folding = await measure(postgres, address, () => store.settle());
  const seen = `SELECT sum(pg_total_relation_size(inhrelid)) / (SELECT count(*) FROM seen)
    FROM pg_inherits WHERE inhparent = 'seen'::regclass AND pg_relation_size(inhrelid) > 0`;
  const [[idBytes]] = await postgres.query(seen, address);
  await store.close();
  await postgres.close();

  const ofReport = (total) => total / REPORTS;
  yield row('postgres-add-us', {
    value: ofReport(adding.cpuUs),
    unit: 'µs of CPU of a collector for a report that it writes, beside HTTP',
  });
  yield row('postgres-fold-us', {
    value: ofReport(folding.cpuUs),
    unit: 'µs of CPU of the collector that folds, for a report',
  });
  yield row('postgres-fold-per-second', {
    value: REPORTS / folding.seconds,
    unit: 'reports a second that one collector folds when it does nothing else',
  });
  yield row('postgres-wal-bytes', {
    value: ofReport(adding.walBytes + folding.walBytes),
    unit: 'bytes of write-ahead log for a report',
  });
  yield row('postgres-id-bytes', {
    value: Number(idBytes),
    unit: 'bytes on disk for an id with its index, for 16 days',
  });
  yield row('postgres-log-bytes', {
    value: JSON.stringify(batches.flat()).length / batches.flat().length,
    unit: 'bytes over the network for a report, once to the database and once to the collector that folds',
  });
}

function makeBatches() {
  const nowMs = Date.now();
  const random = seeded(5);
  const names = createNames([]);
  const drafts = Array.from({ length: DRAFTS }, () => {
    const t0 = nowMs - 300_000;
    return contributionOf(draftReport(random, { t0, sent: nowMs }), nowMs, names);
  });
  const drawn = () => drafts[Math.floor(random() * DRAFTS)];
  return Array.from({ length: BATCHES + 1 }, () =>
    Array.from({ length: BATCH }, () => ({ ...drawn(), id: randomBytes(16).toString('hex') })),
  );
}

/** As many batches are under way at once as a collector has. */
async function addAll(store, batches) {
  let next = 0;
  const lane = async () => {
    while (next < batches.length) {
      next += 1;
      await store.add(batches[next - 1]);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

async function measure(postgres, address, work) {
  const walAt = async () => {
    const [[bytes]] = await postgres.query("SELECT pg_current_wal_lsn() - '0/0'", address);
    return Number(bytes);
  };
  const walBefore = await walAt();
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpuUs: user + system, walBytes: (await walAt()) - walBefore };
}
