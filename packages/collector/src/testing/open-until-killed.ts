import Database from 'better-sqlite3';
import { createSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';

/** Opens a file as a collector does, and dies as with `kill -9` before the n-th statement: `<file> <n>`. */
const [file = '', at = ''] = process.argv.slice(2);
let left = Number(at);
const database = new Database(file, {
  verbose: () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
await createSqliteRollupStore(database).close();
