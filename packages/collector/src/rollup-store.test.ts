import { join } from 'node:path';
import { openSqliteRollupStore } from './sqlite/sqlite-rollup-store.js';
import { describeRollupStore } from './testing/store-conformance.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const folder = temporaryFolder();
let files = 0;

describeRollupStore('SQLite in memory', async () => openSqliteRollupStore(':memory:'));
describeRollupStore('SQLite in a file', async () => {
  files += 1;
  return openSqliteRollupStore(join(folder, 'made', 'on', 'demand', `${files}.sqlite`));
});
