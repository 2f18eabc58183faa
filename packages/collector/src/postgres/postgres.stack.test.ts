import { afterAll, beforeAll } from 'vitest';
import { startPostgres } from '../../../../scripts/services/postgres.mjs';
import { faultyDriver } from '../testing/faulty-driver.js';
import { describeRollupStore } from '../testing/store-conformance.js';
import { describeCrashes } from '../testing/store-crashes.js';
import { describeStoreHistory } from '../testing/store-history.js';
import { openPostgresRollupStore } from './postgres-rollup-store.js';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

for (const describeStore of [describeRollupStore, describeStoreHistory]) {
  describeStore('PostgreSQL', async () => openPostgresRollupStore(await postgres.createDatabase()));
}

describeCrashes('PostgreSQL', async () => {
  const address = await postgres.createDatabase();
  const { Driver, arm, disarm, end } = faultyDriver();
  return {
    // the log is folded when it is asked for, so that steps are the same ones each time
    store: await openPostgresRollupStore(address, { Driver, foldEveryMs: 3_600_000 }),
    arm,
    disarm,
    reopen: async () => {
      await end();
      return openPostgresRollupStore(address);
    },
  };
});
