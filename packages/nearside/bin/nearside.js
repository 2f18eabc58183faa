#!/usr/bin/env node
// The `nearside` command is @nearside/publisher's. Where that is installed it is run; otherwise npx fetches it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PUBLISHER = '@nearside/publisher';

const installed = findInstalled();
if (installed) await import(installed);
else fetchAndRun(process.argv.slice(2));

function findInstalled() {
  try {
    return import.meta.resolve(`${PUBLISHER}/command`);
  } catch {
    return undefined;
  }
}

function fetchAndRun(words) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  console.error(`nearside: fetching the command, ${PUBLISHER}@${version}`);
  const { status, error } = spawnSync('npx', ['--yes', `${PUBLISHER}@${version}`, ...words], {
    stdio: 'inherit',
    shell: process.platform === 'win32', // npx is a batch file there
  });
  if (error) console.error(`nearside: expected npx beside Node, got: ${error.message}`);
  process.exitCode = status ?? 1;
}
