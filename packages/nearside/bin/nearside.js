#!/usr/bin/env node
// The `nearside` command is @nearside/publisher's. Where that is installed it is run; otherwise npx fetches it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PUBLISHER = '@nearside/publisher';

const isInstalled = await import(`${PUBLISHER}/command`).then(
  () => true,
  (error) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(PUBLISHER)) return false;
    throw error;
  },
);
if (!isInstalled) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  console.error(`nearside: fetching the command, ${PUBLISHER}@${version}`);
  const words = ['--yes', `${PUBLISHER}@${version}`, ...process.argv.slice(2)];
  const { status, error } = spawnSync('npx', words, {
    stdio: 'inherit',
    shell: process.platform === 'win32', // npx is a batch file there
  });
  if (error) console.error(`nearside: expected npx beside Node, got: ${error.message}`);
  process.exitCode = status ?? 1;
}
