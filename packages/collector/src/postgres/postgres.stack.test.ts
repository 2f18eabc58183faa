import { afterAll, beforeAll } from 'vitest';
import { startPostgres } from '../../../../scripts/services/postgres.mjs';
import { describeRollupStore } from '../testing/store-conformance.js';
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
