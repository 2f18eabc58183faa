import { join } from 'node:path';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { describeRollupStore } from '../testing/store-conformance.js';
import { describeStoreHistory } from '../testing/store-history.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const folder = temporaryFolder();
let files = 0;

for (const describeStore of [describeRollupStore, describeStoreHistory]) {
  describeStore('SQLite in memory', async () => openSqliteRollupStore(':memory:'));
  describeStore('SQLite in a file', async () => {
    files += 1;
    return openSqliteRollupStore(join(folder, 'made', 'on', 'demand', `${files}.sqlite`));
  });
}
