// npm run test:stack: the collector on a PostgreSQL, a Prometheus and an Alertmanager, and behind an nginx and a Caddy, which
// it starts for itself. It installs what is missing. Its last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { ensureInstalled } from './install.mjs';
import { ensureNeeds } from './needs.mjs';
import { root } from './root.mjs';
import { scratchFolder } from './scratch-folder.mjs';
import { readVitest } from './test-report.mjs';

const REPORT = `${root}test-results/stack.json`;

ensureNeeds([
  ...['postgres', 'prometheus', 'alertmanager'],
  ...['nginx', 'caddy', 'buildah', 'debootstrap'],
]);
ensureInstalled();
build();
rmSync(REPORT, { force: true });
const { status } = spawnSync(
  process.execPath,
  [
    ...['node_modules/vitest/vitest.mjs', 'run', '--project=stack'],
    '--no-file-parallelism', // each file starts servers of its own, which need the cores
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TMPDIR: scratchFolder() } },
);
const { passed, failed, failures } = readVitest(JSON.parse(readFileSync(REPORT, 'utf8')));
for (const title of failures) console.log(`Failed: ${title}`);
// One that broke without a failed test, or ran none, has failed all the same.
const isBroken = failed === 0 && (status !== 0 || passed === 0);
console.log(`${passed} passed, ${isBroken ? 1 : failed} failed`);
process.exitCode = failed > 0 || isBroken ? 1 : 0;

/** Tests run the command as it is installed. */
function build() {
  const args = ['run', '--silent', 'build', '--workspace', 'packages/collector'];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
