import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { fixture } from '../testing/fixtures.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { PYTHON, PYTHON_NOTE } from '../testing/python.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { runCommand } from './run-command.js';

async function pack(...words: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCommand(['pack', ...words], {
    out: (line) => out.push(line),
    error: (line) => errors.push(line),
    interrupted: () => Promise.resolve(),
    debug: false,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}

test('without Python, pack leaves a draft and says what to run', async () => {
  const out = join(await temporaryDirectory(), 'packed');
  const words = [fixture('affine.onnx'), '--out', out, '--python', 'no-such-python'];
  const { exitCode, errors } = await pack(...words);
  expect(exitCode).toBe(1);
  expect(errors).toContain(`no-such-python ${out}.draft/reference/golden.py`);
  expect(await listFiles(`${out}.draft`)).toContain('model.json');
  expect(await listFiles(out)).toBeUndefined();
});

test('a model directory takes no other version', async () => {
  const out = join(await temporaryDirectory(), 'packed');
  const { exitCode, errors } = await pack(DIGITS, '--out', out, '--version', '3.0.0');
  expect(exitCode).toBe(2);
  expect(errors).toContain('model.json');
});

test('a script that Nearside does not ship is not run, and the flag that allows it is named', async () => {
  const directory = await temporaryDirectory();
  const out = join(directory, 'packed');
  await pack(fixture('affine.onnx'), '--out', out, '--python', 'no-such-python');
  const ran = join(directory, 'ran');
  const script = `open(${JSON.stringify(ran)}, "w")\n`;
  await writeFile(`${out}.draft/reference/model.py`, script);
  const { exitCode, errors } = await pack(`${out}.draft`, '--out', out);
  expect(exitCode).toBe(4);
  expect(errors).toContain('--run-reference');
  expect(errors).toContain(`python3 ${out}.draft/reference/golden.py`);
  await expect(readFile(ran)).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['--shape', 'x'],
  ['--shape', 'x=1,0'],
  ['--shape', 'y=1,4'],
  ['--range', 'x=1..'],
  ['--range', 'x=2..1'],
  ['--range', 'y=0..1'],
])('%s %s is a wrong call, and nothing is drafted', async (flag, value) => {
  const out = join(await temporaryDirectory(), 'packed');
  const { exitCode, errors } = await pack(fixture('affine.onnx'), '--out', out, flag, value);
  expect(exitCode).toBe(2);
  expect(errors).toContain(flag);
  expect(await listFiles(`${out}.draft`)).toBeUndefined();
});

test.each(['0', '1.5', 'next'])('--sequence %s is a wrong call', async (sequence) => {
  const { exitCode } = await pack('model.onnx', '--out', 'packed', '--sequence', sequence);
  expect(exitCode).toBe(2);
});

// Starting Python takes seconds where all cores are busy.
describe.skipIf(!PYTHON)(`with onnxruntime${PYTHON_NOTE}`, { timeout: 60_000 }, () => {
  test('one command takes a file of weights to a packed model', async () => {
    const out = join(await temporaryDirectory(), 'packed');
    const identity = ['--name', 'line', '--version', '1.2.0', '--sequence', '3'];
    const words = [fixture('affine.onnx'), '--out', `${out}/`, ...identity];
    const first = await pack(...words, '--python', PYTHON as string);
    expect(first).toMatchObject({ exitCode: 0, errors: '' });
    expect(first.out).toContain('Packed line 1.2.0 (sequence 3)');
    expect(first.out).toContain('which take up to 16.8 MB of memory.');
    expect(first.out).toContain('ORT_DISABLE_ALL uses');
    expect(first.out).toContain(`${out}.draft`);
  });
});
