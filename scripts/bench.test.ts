import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { collectRows } from '../bench/row.mjs';
import { root } from './root.mjs';

/** On a machine without any of it, whose Debian has nothing to install. */
const NOWHERE = { PYTHON: '/nowhere/python3', CHROMIUM: '/nowhere/chromium' };

const OCR =
  'python3-numpy python3-onnxruntime python3-pil python3-opencv python3-pyclipper python3-skimage';

test.each([
  ['bench/run.mjs start', 'apt-get install chromium python3-numpy python3-onnxruntime'],
  ['bench/run.mjs peers', 'apt-get install chromium'],
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

test('every suite of the bench hands out its rows as they are measured', async () => {
  const script = await readFile(`${root}bench/run.mjs`, 'utf8');
  const suites = [...script.matchAll(/'\.\/(\w+\/run\.mjs)'/g)].map(([, path]) => path);
  expect(suites.length).toBe(15);
  for (const suite of suites) {
    const source = await readFile(`${root}bench/${suite}`, 'utf8');
    expect(source, suite).toContain('export async function* runSuite(');
  }
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
