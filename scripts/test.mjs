// npm test: installs what is missing, then everything that must hold on every change.
// Its last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { installOtherEngines, isInstalled } from './browsers.mjs';
import { build } from './build.mjs';
import { chromiumPath, ensureChromium } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';

ensureInstalled();
ensureChromium();
installOtherEngines();
build();

const results = `${root}test-results`;
await rm(results, { recursive: true, force: true });

/** Checks that pass or fail as one, then suites that count their tests in a JSON report. */
const checks = [
  ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['unused code', ['node_modules/knip/bin/knip.js']],
  ['sizes', ['node_modules/size-limit/bin.js']],
  ['types of tests', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.tests.json']],
];
const suites = [
  ['unit', vitest('unit'), countVitest],
  ['browser', vitest('browser'), countVitest],
  ['webgpu', vitest('webgpu'), countVitest],
  ...(isInstalled('firefox') ? [['firefox', vitest('firefox'), countVitest]] : []),
  [
    'flow',
    ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'],
    countPlaywright,
  ],
];

let passed = 0;
let failed = 0;
for (const [name, args] of checks) {
  const ok = (await run(args)) === 0;
  console.log(`${ok ? '✓' : '✗'} ${name}`);
  if (ok) passed += 1;
  else failed += 1;
}
for (const [name, args, count] of suites) {
  const report = `${results}/${name}.json`;
  const status = await run(args, { PLAYWRIGHT_JSON_OUTPUT_NAME: report });
  const counted = await readFile(report, 'utf8')
    .then(JSON.parse)
    .then(count, () => undefined);
  passed += counted?.passed ?? 0;
  failed += counted?.failed ?? 0;
  // A suite that broke without a failed test, or ran none, has failed all the same.
  if (!counted || (status !== 0 && counted.failed === 0) || counted.passed === 0) failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function vitest(project) {
  return [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}/${project}.json`,
  ];
}

function countVitest({ numPassedTests, numFailedTests, numFailedTestSuites }) {
  const brokenFiles = numFailedTests === 0 ? numFailedTestSuites : 0;
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles };
}

function countPlaywright({ stats }) {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
}

function run(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CHROMIUM: chromiumPath, ...env },
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
}
