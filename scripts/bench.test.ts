import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { compareRows, rowsOfReadme } from '../bench/readme-rows.mjs';
import { collectRows } from '../bench/row.mjs';
import { SUITES } from '../bench/suites.mjs';
import { root } from './root.mjs';

/** On a machine without any of it, whose Debian has nothing to install. */
const NOWHERE = { PYTHON: '/nowhere/python3', CHROMIUM: '/nowhere/chromium' };

const OCR =
  'python3-numpy python3-onnxruntime python3-pil python3-opencv python3-pyclipper python3-skimage';

test.each([
  ['bench/run.mjs start', 'apt-get install chromium python3-numpy python3-onnxruntime'],
  ['bench/run.mjs peers', 'apt-get install chromium'],
  ['bench/run.mjs deaths --quick', 'apt-get install chromium'],
  ['bench/accuracy/run.mjs --model ocr', `apt-get install chromium ${OCR}`],
  ['bench/accuracy/run.mjs --model breast-cancer', 'chromium python3-numpy python3-onnxruntime'],
  ['scripts/ready.mjs chromium numpy onnx', 'apt-get install chromium python3-numpy python3-onnx'],
])('%s says before it begins all that is missing, and how to install it', (command, install) => {
  const { status, stdout, stderr } = spawnSync('node', command.split(' '), {
    cwd: root,
    env: { ...process.env, ...NOWHERE },
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^Expected chromium at \/nowhere\/chromium, got no such file\.\n/);
  expect(stderr).toContain(`${install}\n`);
});

test('a row that fails loses none of those before it', async () => {
  const failure = new Error('the browser died');
  async function* measured() {
    yield { name: 'first' };
    yield { name: 'second' };
    throw failure;
  }
  const { results, error } = await collectRows(measured());
  expect(results.map(({ name }: { name?: string }) => name)).toEqual(['first', 'second']);
  expect(error).toBe(failure);
});

test('every suite of the bench starts, and hands out its rows as they are measured', async () => {
  const suites = Object.keys(SUITES);
  expect(suites.length).toBe(15);
  const script = `for (const suite of ${JSON.stringify(suites)}) {
    const { runSuite } = await import('${root}bench/' + suite + '/run.mjs');
    console.log(suite, runSuite.constructor.name);
  }`;
  const { stdout, stderr } = spawnSync('node', ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  const expected = suites.map((suite) => `${suite} AsyncGeneratorFunction`);
  expect(stdout.trim().split('\n'), stderr).toEqual(expected);
});

/** TypeScript's words for an import that leads nowhere, and for a name that a module does not export. */
const LEADS_NOWHERE =
  /error TS(?:2305|2307|2614|2724):|does not exist on type 'typeof import\("[^"]*\/packages\//;

test('all that benches and their pages import of the packages is there', () => {
  const tsc = `${root}node_modules/typescript-native/bin/tsc`;
  const { stdout } = spawnSync('node', [tsc, '-p', `${root}bench/imports.json`], {
    encoding: 'utf8',
  });
  expect(stdout).toContain('error TS'); // their types are looked at, and are not complete
  expect(stdout.split('\n').filter((line) => LEADS_NOWHERE.test(line))).toEqual([]);
});

/** Of all suites those rows that need neither a browser nor a server: `npm run bench -- all --quick` measures the others too. */
test.each([
  ['telemetry', 7],
  ['quantize', 1],
  ['rollout', 2],
])(
  '%s prints its first rows where it measures each once, and README.md explains them',
  async (suite, count) => {
    const folder = await mkdtemp(`${tmpdir()}/nearside-bench-`);
    const child = fork(`${root}bench/measure.mjs`, [suite, folder, '{}'], {
      env: { ...process.env, BENCH_QUICK: '1' },
      execArgv: [], // those of the test's own process lead to sources
      serialization: 'advanced',
    });
    const rows: string[] = [];
    child.on('message', ({ row, failed }: { row?: { name: string }; failed?: string }) => {
      rows.push(row?.name ?? `failed: ${failed}`);
      if (rows.length === count) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    await rm(folder, { recursive: true });
    const { unexplained } = compareRows(await rowsOfReadme(suite), rows);
    expect({ count: rows.length, unexplained }).toEqual({ count, unexplained: [] });
  },
);

test('each suite has its list of rows in README.md', async () => {
  for (const suite of Object.keys(SUITES)) {
    const rows = await rowsOfReadme(suite);
    expect(rows.length, suite).toBeGreaterThan(3);
    expect(new Set(rows).size, suite).toBe(rows.length);
  }
});

test('a row is explained by its name, or by what stands before a comma', () => {
  const found = compareRows(
    ['a-ratio', 'b-ms', 'c-ms, large'],
    ['a-ratio', 'a-ratio, two', 'c-ms'],
  );
  expect(found).toEqual({ unprinted: ['b-ms', 'c-ms, large'], unexplained: ['c-ms'] });
});

test.each([
  [[], 'expected one of runtime'],
  [['no-suite'], "got 'no-suite'"],
  [['all', '--fast'], "expected --quick, --json, --gate, --keep, --trials, --ids; got '--fast'"],
  [['start', '--trials', '0'], "expected --trials and a positive number; got '0'"],
])('bench %j is refused before anything is installed', (words, said) => {
  const { status, stderr } = spawnSync('node', [`${root}bench/run.mjs`, ...words], {
    encoding: 'utf8',
  });
  expect({ status, isSaid: stderr.includes(said) }).toEqual({ status: 2, isSaid: true });
});

test.each([
  'bench/accuracy/run.mjs',
  'bench/fleet/run.mjs',
  'bench/page/serve.mjs',
  'bench/run.mjs',
  'conformance/run.mjs',
  'consumers/run.mjs',
  'scripts/demo.mjs',
  'scripts/ready.mjs',
  'scripts/soak.mjs',
  'scripts/start.mjs',
  'scripts/test-stack.mjs',
  'scripts/test.mjs',
])(
  '%s runs where nothing is installed: what it imports at first is in Node or in the checkout',
  async (entry) => {
    expect([...(await packagesOf(pathToFileURL(root + entry)))]).toEqual([]);
  },
);

/** Packages that a script imports before its first line runs. */
async function packagesOf(script: URL, seen = new Set<string>()): Promise<Set<string>> {
  const packages = new Set<string>();
  if (seen.has(script.href)) return packages;
  seen.add(script.href);
  const source = await readFile(script, 'utf8');
  const { statements } = ts.createSourceFile(script.href, source, ts.ScriptTarget.ESNext);
  for (const statement of statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const { moduleSpecifier } = statement;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) continue;
    const name = moduleSpecifier.text;
    if (name.startsWith('node:')) continue;
    if (!name.startsWith('.')) packages.add(name);
    else for (const one of await packagesOf(new URL(name, script), seen)) packages.add(one);
  }
  return packages;
}
