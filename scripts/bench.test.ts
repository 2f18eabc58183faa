import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { collectRows } from '../bench/row.mjs';
import { root } from './root.mjs';

/** On a machine without any of it, whose Debian has nothing to install. */
const NOWHERE = { PYTHON: '/nowhere/python3', CHROMIUM: '/nowhere/chromium' };

const OCR =
  'python3-numpy python3-onnxruntime python3-pil python3-opencv python3-pyclipper python3-shapely python3-skimage';

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
  expect(suites.length).toBe(10);
  for (const suite of suites) {
    const source = await readFile(`${root}bench/${suite}`, 'utf8');
    expect(source, suite).toContain('export async function* runSuite(');
  }
});
