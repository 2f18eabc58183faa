import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { bytesField, intField } from '../packing/protobuf-fields.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { initializer, value } from '../testing/onnx-bytes.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeDigits } from '../testing/write-digits.js';
import { quantize } from './quantize.js';

const SIDE = 32;
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

test('a tensor that bytes lose becomes half floats, and no other; again the bytes are the same', async () => {
  const directory = await temporaryDirectory();
  const { source, folder } = await writeModel(directory, { small: 1, large: 1000 });
  const steps: string[] = [];
  const small = (out: string) => {
    const gate = { folder, onStep: (sentence: string) => steps.push(sentence) };
    return quantize({ source, out, name: 'picks', gate });
  };
  const made = await small(join(directory, 'one'));
  expect(made.variants[0]?.tensors.map(({ name, format }) => [name, format])).toEqual([
    ['coarse', 'fp16'],
    ['fine', 'int8'],
  ]);
  expect(made.evaluation?.variants.int8).toMatchObject({
    verdict: 'passed',
    differing: 0,
    halfFloats: ['coarse'],
  });
  const card = await readFile(join(directory, 'one/MODEL.md'), 'utf8');
  expect(card).toContain(
    'In `int8` these tensors are half floats, because it did not pass without: coarse.',
  );
  const written = await readFile(join(directory, 'one/evaluation.json'), 'utf8');
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(made.evaluation)));
  expect(steps).toEqual([
    'int8: does not pass; its 2 tensors are ranked by what each alone changes',
    'int8: with 1 of 2 tensors as half floats',
  ]);
  await small(join(directory, 'two'));
  expect(await snapshotOf(join(directory, 'two'))).toEqual(
    await snapshotOf(join(directory, 'one')),
  );
});

test('a model that does not pass in half floats either is refused with its figures, and nothing is written', async () => {
  const directory = await temporaryDirectory();
  const { source, folder } = await writeModel(directory, { small: 1e-9, large: 1e-3 });
  const out = join(directory, 'small');
  const words = ['quantize', source, '--name', 'picks', '--evaluate', folder, '--out', out];
  const { exitCode, errors } = await runNearside(words);
  expect(exitCode).toBe(4);
  expect(errors).toContain('gate-refused');
  expect(errors).toMatch(/int8 +[\d,]+ .* refused/);
  expect(await listFiles(out)).toBeUndefined();
});

test('a variant that few items cannot decide is asked corrupted items too, as `pack --evaluate` asks them', async () => {
  const directory = await temporaryDirectory();
  const [folder, out] = [join(directory, 'items'), join(directory, 'small')];
  await writeDigits(folder, 1000);
  const { evaluation } = await quantize({
    source: DIGITS,
    out,
    formats: ['int8-lean'],
    gate: { folder },
  });
  const { verdict, corruptions } = evaluation?.variants['int8-lean'] ?? {};
  expect(verdict).toBe('undecided');
  expect(Object.keys(corruptions ?? {})).toEqual(['noise', 'blur', 'crop', 'jpeg', 'dark']);
});

test('a search that is interrupted leaves nothing behind', async () => {
  const directory = await temporaryDirectory();
  const { source, folder } = await writeModel(directory, { small: 1e-9, large: 1e-3 });
  const temporary = join(directory, 'temporary');
  await mkdir(temporary);
  const out = join(directory, 'small');
  const words = [CLI, 'quantize', source, '--name', 'picks', '--evaluate', folder, '--out', out];
  const child = spawn(process.execPath, words, {
    env: { ...process.env, TMPDIR: temporary },
    stdio: 'ignore',
  });
  const isThere = async (what: string) =>
    (await readdir(temporary)).some((name) => name.startsWith(`nearside-${what}`));
  await expect.poll(() => isThere('variant'), { timeout: 20_000 }).toBe(true);
  child.kill('SIGINT');
  await once(child, 'close');
  expect(await readdir(temporary)).toEqual([]);
  expect(await listFiles(out)).toBeUndefined();
});

/** y = x · coarse · fine: the place of the one in x, which `coarse` has beside a number so much larger. */
async function writeModel(directory: string, { small, large }: { small: number; large: number }) {
  const at = (i: number) => [Math.floor(i / SIDE), i % SIDE] as const;
  const coarse = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = at(i);
    return row === SIDE - 1 ? large : row === column ? small : 0;
  });
  const fine = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Number(at(i)[0] === at(i)[1]));
  const graph = [
    matMul('x', 'coarse', 'h'),
    matMul('h', 'fine', 'y'),
    initializer('coarse', 1, [SIDE, SIDE], new Uint8Array(coarse.buffer)),
    initializer('fine', 1, [SIDE, SIDE], new Uint8Array(fine.buffer)),
    bytesField(11, value('x', [1, SIDE])),
    bytesField(12, value('y', [1, SIDE])),
  ];
  const opset = Buffer.concat([bytesField(1, ''), intField(2, 13)]);
  const parts = [intField(1, 8), bytesField(7, Buffer.concat(graph)), bytesField(8, opset)];
  const [source, folder] = [join(directory, 'picks.onnx'), join(directory, 'items')];
  await writeFile(source, Buffer.concat(parts));
  await mkdir(folder);
  const items = Array.from({ length: 200 }, (_, item) => {
    const one = 1 + item / 1000; // each input once
    const input = Array.from({ length: SIDE }, (_, i) => (i === item % (SIDE - 1) ? one : 0));
    return JSON.stringify({ input });
  });
  await writeFile(join(folder, 'labels.jsonl'), items.join('\n'));
  return { source, folder };
}

function matMul(a: string, b: string, output: string): Uint8Array {
  const node = [bytesField(1, a), bytesField(1, b), bytesField(2, output), bytesField(4, 'MatMul')];
  return bytesField(1, Buffer.concat(node));
}
