// npm test: installs what is missing, then everything that must hold on every change.
// `npm test -- --only <lane>` runs a part of it. Its last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isInstalled } from './browsers.mjs';
import { chromiumPath } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';
import { runStages, withNeeds } from './run-stages.mjs';
import { scratchFolder } from './scratch-folder.mjs';
import { readPlaywright, readVitest, slowestOf } from './test-report.mjs';

/** A change may wait so long for its tests on two cores, ms. */
const LIMIT_MS = 600_000;

/**
 * How many places stages share: each takes one, and `flow`, which has three workers, three. That is twice the two cores
 * that all is planned for: a flow waits half of its time, for a page, a download or a watchdog.
 */
const PLACES = 4;
const FLOW_PLACES = 3;

/** How many of the slowest tests are named. */
const SLOWEST = 10;

/** Vitest's and Playwright's projects of each engine; that of WebGPU is Chromium computing it in software. */
const ENGINES = {
  chromium: { browser: ['browser'], flow: ['chromium'] },
  webgpu: { browser: ['webgpu'], flow: [] },
  firefox: { browser: ['firefox'], flow: ['firefox', 'firefox-threads'] },
  webkit: { browser: [], flow: ['webkit'] },
};

const RESULTS = `${root}test-results`;

const TSC = 'node_modules/typescript-native/bin/tsc';

/** Projects of pages, which Vite builds without looking at types. */
const PAGES = [
  'bench/page',
  'examples/digits',
  'examples/digits/tsconfig.service-worker.json',
  'examples/ocr-pwa',
];

/**
 * Preparations and checks pass or fail as one; suites count their tests. What the longest one waits for goes first,
 * and the next longest beside it.
 */
const STAGES = [
  { name: 'browsers', places: 0, run: () => prepare('browsers', ['scripts/browsers.mjs']) },
  { name: 'packages', run: () => check('packages', [TSC, '-b']) },
  { name: 'build', needs: ['packages'], run: () => prepare('build', ['scripts/build.mjs']) },
  {
    name: 'flow',
    needs: ['browsers', 'build'],
    places: FLOW_PLACES,
    run: () => playwright('flow', projectsOf('flow')),
  },
  { name: 'unit', after: ['build'], run: () => vitest('unit', ['unit']) },
  {
    name: 'lint',
    run: () => check('lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
  },
  {
    name: 'types',
    needs: ['packages'],
    run: () => check('types', [TSC, '-p', 'tsconfig.tests.json']),
  },
  {
    name: 'page types',
    needs: ['packages'],
    run: () => check('page types', [TSC, '-b', ...PAGES]),
  },
  {
    name: 'unused',
    needs: ['packages'], // commands are named by what is built of them
    run: () => check('unused', ['node_modules/knip/bin/knip.js', '--cache']),
  },
  {
    name: 'sizes',
    needs: ['build'],
    run: () => check('sizes', ['node_modules/size-limit/bin.js']),
  },
  {
    name: 'browser',
    needs: ['browsers'],
    after: ['build'], // last in the row for a place: it begins when the first of the long ones ends
    run: () => vitest('browser', projectsOf('browser')),
  },
];

const only = parseOnly(process.argv.slice(2));
const engines = Object.keys(ENGINES).filter((name) => only.includes(name));
ensureInstalled();
const startMs = Date.now();
await rm(RESULTS, { recursive: true, force: true });
const seconds = new Map();
const outcomes = await runStages(chosenStages().map(timed), PLACES);
tell();

function parseOnly(words) {
  const lanes = [...STAGES.map(({ name }) => name), ...Object.keys(ENGINES)];
  const only = words.filter((_, i) => i % 2 === 1);
  const isRight = words.every((word, i) => (i % 2 ? lanes.includes(word) : word === '--only'));
  if (isRight && words.length % 2 === 0) return only;
  console.error(
    `npm test: expected nothing, or --only with a lane, once or more often; got '${words.join(' ')}'.\n` +
      `The lanes are ${lanes.join(', ')}. An engine means its tests in browser and flow.`,
  );
  process.exit(2);
}

/** What was asked for, and what that needs. */
function chosenStages() {
  const named = STAGES.filter(({ name }) => only.length === 0 || only.includes(name));
  const suites = ['browser', 'flow'];
  // An engine narrows the suites that are named, or means both.
  const isNarrowed = named.some(({ name }) => suites.includes(name));
  const ofEngines = engines.length > 0 && !isNarrowed ? suites : [];
  const names = [...named.map(({ name }) => name), ...ofEngines].filter((name) => hasTests(name));
  return withNeeds(STAGES, names);
}

/** WebKitGTK has flows alone, and WebGPU its flows in `npm run test:engines`. */
function hasTests(name) {
  const isNeeded = engines.length === 0 || !Object.hasOwn(ENGINES.chromium, name);
  return isNeeded || engines.some((engine) => ENGINES[engine][name].length > 0);
}

/** Asked when the suite starts: by then what could be installed is. */
function projectsOf(suite) {
  return Object.entries(ENGINES)
    .filter(([name]) => engines.length === 0 || engines.includes(name))
    .filter(([name]) => !['firefox', 'webkit'].includes(name) || isInstalled(name))
    .flatMap(([, projects]) => projects[suite]);
}

function timed({ run, ...stage }) {
  async function runTimed() {
    const begunMs = Date.now();
    const outcome = await run();
    seconds.set(stage.name, (Date.now() - begunMs) / 1000);
    return outcome;
  }
  return { ...stage, run: runTimed };
}

/** It counts only where it fails. */
async function prepare(name, args) {
  const status = await runNode(name, args);
  return { passed: 0, failed: status === 0 ? 0 : 1 };
}

async function check(name, args) {
  const status = await runNode(name, args);
  console.log(`${status === 0 ? '✓' : '✗'} ${name}`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function vitest(name, projects) {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...projects.map((project) => `--project=${project}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportOf(name)}`,
  ];
  return suite(name, { projects, args, read: readVitest });
}

function playwright(name, projects) {
  const args = [
    'node_modules/@playwright/test/cli.js',
    'test',
    ...projects.map((project) => `--project=${project}`),
    '--reporter=list,json',
  ];
  return suite(name, { projects, args, read: readPlaywright });
}

async function suite(name, { projects, args, read }) {
  // Without a project the runners would run all.
  const status = projects.length > 0 ? await runNode(name, args) : 1;
  const report = await readFile(reportOf(name), 'utf8')
    .then(JSON.parse)
    .then(read, () => undefined);
  const nothing = { passed: 0, failed: 0, retried: [], failures: [], tests: [] };
  const { passed, failed, ...rest } = report ?? nothing;
  // One that broke without a failed test, or ran none, has failed all the same.
  const isBroken = failed === 0 && (status !== 0 || passed === 0);
  return { passed, failed: isBroken ? 1 : failed, ...rest };
}

function reportOf(name) {
  return `${RESULTS}/${name}.json`;
}

/** Runs a Node script. Others run beside it, so each line that it prints begins with its name. */
function runNode(name, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        TMPDIR: scratchFolder(),
        CHROMIUM: chromiumPath,
        PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf(name),
      },
    });
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => console.log(`${name} │ ${line}`));
    }
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** Where the time went, and how all ended. */
function tell() {
  const ended = [...outcomes.values()];
  const suites = ended.filter(({ tests }) => tests);
  console.log('\nSeconds of each stage:');
  for (const [name, s] of seconds) console.log(`${s.toFixed(1).padStart(7)}  ${name}`);
  const slowest = slowestOf(suites, SLOWEST);
  if (slowest.length > 0) console.log('Seconds of the slowest tests:');
  for (const { title, ms } of slowest)
    console.log(`${(ms / 1000).toFixed(1).padStart(7)}  ${title}`);
  for (const title of suites.flatMap(({ retried }) => retried)) {
    console.log(`Passed only when it was run again: ${title}`);
  }
  for (const title of suites.flatMap(({ failures }) => failures)) console.log(`Failed: ${title}`);
  // A check that failed, or a suite that broke outside of its tests.
  for (const [name, { failed, failures = [] }] of outcomes) {
    if (failed > failures.length) console.log(`Failed: ${name}`);
  }
  const tookMs = Date.now() - startMs;
  console.log(`It took ${Math.round(tookMs / 1000)} seconds.`);
  if (tookMs > LIMIT_MS) {
    console.log(
      `Expected ${LIMIT_MS / 1000} seconds at most on two idle cores: make the slowest faster, or give what is ` +
        'long a command of its own.',
    );
  }
  const sum = (of) => ended.reduce((total, outcome) => total + outcome[of], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}
