import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { bundle } from '../testing/bundle.js';
import { startKillable } from '../testing/killable-collector.js';
import { testKills } from '../testing/store-kills.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const file = join(temporaryFolder(), `${randomUUID()}.sqlite`);
let command: Promise<URL> | undefined;

testKills('SQLite', {
  kills: 50,
  reports: 200,
  start: async () => {
    command ??= bundle(new URL('../cli.ts', import.meta.url));
    return startKillable(await command, ['--file', file]);
  },
});
