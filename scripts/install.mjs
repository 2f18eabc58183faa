import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { root } from './root.mjs';

/**
 * Installs what is missing. Install scripts stay off: the one package that needs its own,
 * better-sqlite3, is built by name.
 */
export function ensureInstalled() {
  const installed = `${root}node_modules/.package-lock.json`;
  const lock = `${root}package-lock.json`;
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.error('Installing packages …');
    if (!npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'])) {
      fail('`npm ci` failed; its output is above.');
    }
  }
  if (sqliteLoads()) return;
  console.error('Building better-sqlite3 …');
  npm(['rebuild', 'better-sqlite3']);
  if (sqliteLoads()) return;
  fail(
    'better-sqlite3 has no prebuilt binary for this machine, and could not be compiled.\n' +
      'Install a compiler and try again. On Debian: apt-get install python3 make g++',
  );
}

function npm(args) {
  const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  return status === 0;
}

/** In a process of its own: a binary for another Node version can crash the one that loads it. */
function sqliteLoads() {
  const require = createRequire(`${root}packages/collector/package.json`);
  let path;
  try {
    path = require.resolve('better-sqlite3');
  } catch {
    return false;
  }
  const script = `new (require(${JSON.stringify(path)}))(':memory:').close()`;
  return spawnSync(process.execPath, ['-e', script], { stdio: 'ignore' }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
