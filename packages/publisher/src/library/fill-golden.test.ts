import { execFileSync } from 'node:child_process';
import { copyFile, cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  arrayFromBytes,
  type Golden,
  parseBaseline,
  parseGolden,
  type SeededTensor,
  seededTensor,
} from '@nearside/core';
import { describe, expect, test, vi } from 'vitest';
import { answerInProcess } from '../answering/answer-in-process.js';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { fixture, LEAKY_SUM } from '../testing/fixtures.js';
import { grayPng } from '../testing/gray-png.js';
import { DIGITS, writeHuggingFaceFolder } from '../testing/hugging-face-folder.js';
import { editJson } from '../testing/model-to-pack.js';
import { onnxOf, onnxOfShape } from '../testing/onnx-bytes.js';
import { PYTHON, PYTHON_NOTE } from '../testing/python.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';
import { fillGolden } from './fill-golden.js';
import { pack } from './pack.js';

async function draftOf(source: string) {
  const directory = await temporaryDirectory();
  const out = join(directory, 'draft');
  await draft({ source, out, name: 'tiny' });
  return { directory, draft: out, packed: join(directory, 'packed') };
}

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

async function readFloats(...path: string[]): Promise<Float32Array> {
  const bytes = new Uint8Array(await readFile(join(...path)));
  return arrayFromBytes('FP32', bytes.buffer) as Float32Array;
}

describe('a script that Nearside does not ship', () => {
  test.each([
    ['another golden.py', 'golden.py'],
    ['a module that the script would import', 'numpy.py'],
    ['compiled code of one', '__pycache__/steps.cpython-312.pyc'],
  ])('is not run, and the error says what would: %s', async (_, name) => {
    const { directory, draft } = await draftOf(fixture('affine.onnx'));
    const ran = join(directory, 'ran');
    await mkdir(join(draft, 'reference/__pycache__'), { recursive: true });
    await writeFile(join(draft, 'reference', name), `open(${JSON.stringify(ran)}, "w")\n`);
    await expect(fillGolden({ directory: draft })).rejects.toMatchObject({
      code: 'gate-refused',
      message: expect.stringContaining('--run-reference'),
      details: { file: `reference/${name}`, command: `python3 ${draft}/reference/golden.py` },
    });
    await expect(readFile(ran)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a directory whose name begins with a dash is no option of Python', async () => {
    const { directory } = await draftOf(fixture('affine.onnx'));
    const [name, samples] = ['-cimport os;os.mkdir("ran")#', '-samples'];
    await rename(join(directory, 'draft'), join(directory, name));
    await mkdir(join(directory, samples));
    const python = join(directory, 'python');
    await writeFile(python, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const cwd = process.cwd();
    process.chdir(directory);
    try {
      const options = { directory: `./${name}`, inputs: `./${samples}`, python };
      const { report } = await fillGolden(options);
      const words = [join(directory, name, 'reference/golden.py'), '--inputs'];
      expect(report.split('\n')).toEqual([...words, join(directory, samples)]);
    } finally {
      process.chdir(cwd);
    }
  });

  test('the script runs nowhere near a link that leads out of the directory', async () => {
    const { directory, draft } = await draftOf(fixture('affine.onnx'));
    const outside = join(directory, 'outside');
    await writeFile(outside, '{}');
    await mkdir(join(draft, 'golden'));
    await symlink(outside, join(draft, 'golden/made-from.json'));
    await expect(fillGolden({ directory: draft })).rejects.toMatchObject({ code: 'name-unsafe' });
    expect(await readFile(outside, 'utf8')).toBe('{}');
  });
});

describe('weights that a TensorFlow.js manifest names', () => {
  test.each([
    ['lie elsewhere', '../../outside.bin', 'name-unsafe'],
    ['are a FIFO', 'pipe.bin', 'file-missing'],
  ])('are refused before the script reads them: they %s', async (_, path, code) => {
    const { directory, draft } = await draftOf(join(DIGITS, 'tfjs'));
    await writeFile(join(directory, 'outside.bin'), 'private');
    execFileSync('mkfifo', [join(draft, 'tfjs/pipe.bin')]);
    const topology = (await readJson(draft, 'tfjs/model.json')) as {
      weightsManifest: [{ paths: string[] }];
    };
    topology.weightsManifest[0].paths = [path];
    await writeFile(join(draft, 'tfjs/model.json'), JSON.stringify(topology));
    const filling = fillGolden({ directory: draft, python: 'no-such-python' });
    await expect(filling).rejects.toMatchObject({ code });
  });
});

/** models/digits with its golden inputs alone. */
async function unanswered(directory: string): Promise<Golden> {
  const golden = parseGolden(await readJson(DIGITS, 'golden.json'));
  await cp(DIGITS, directory, { recursive: true });
  const cases = golden.cases.map((one) => ({ ...one, expected: {} }));
  const text = JSON.stringify({ format: 1, cases, tolerance: {} });
  await writeFile(join(directory, 'golden.json'), text);
  return golden;
}

async function draftOfNode(operator: string, range: [number, number]) {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'node.onnx'), onnxOf(operator));
  const out = join(directory, 'draft');
  await draft({ source: join(directory, 'node.onnx'), out, ranges: { x: range } });
  return out;
}

describe('with Node alone', () => {
  test('ONNX and TensorFlow.js answer as the runtimes that models/digits was made with', async () => {
    const directory = await temporaryDirectory();
    const known = await unanswered(directory);
    const { state, fed } = await fillGolden({ directory });
    expect(state).toBe('filled');
    expect(fed[0]).toBe('seven: pixel_values FP32 [1, 1, 28, 28] in golden/seven.pixel_values.bin');
    const golden = parseGolden(await readJson(directory, 'golden.json'));
    expect(golden.reference).toMatch(/^onnxruntime-web [\d.]+ wasm, tfjs-backend-cpu [\d.]+$/);
    for (const [i, { expected }] of known.cases.entries()) {
      for (const [variant, { logits }] of Object.entries(expected)) {
        const computed = golden.cases[i]?.expected[variant]?.logits;
        const actual = await readFloats(directory, computed?.file ?? '');
        const { abs } = golden.tolerance[variant] as { abs: number };
        for (const [j, value] of (await readFloats(DIGITS, logits?.file ?? '')).entries()) {
          expect(Math.abs((actual[j] as number) - value), variant).toBeLessThan(abs / 2);
        }
      }
    }
  });

  test.each([
    ['not finite', 'Log', 'finite numbers, got NaN'],
    ['others each time', 'RandomUniformLike', 'the same numbers twice'],
  ])(
    'answers that are %s are refused, with the output and what was tried',
    async (_, operator, message) => {
      const directory = await draftOfNode(operator, [-2, -1]);
      const filling = fillGolden({ directory });
      await expect(filling).rejects.toMatchObject({ code: 'model-invalid' });
      await expect(filling).rejects.toThrow(message);
      await expect(filling).rejects.toThrow("output 'y'");
      await expect(filling).rejects.toThrow('Tried: x FP32 [1, 4] of -2 to -1.');
    },
  );

  test('of an output of many values a few of each row are stored, by Python too, and it packs', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'wide.onnx'), onnxOfShape([1, 120, 100], 'Relu'));
    const out = join(directory, 'draft');
    await draft({ source: join(directory, 'wide.onnx'), out });
    for (const python of PYTHON ? [undefined, PYTHON] : [undefined]) {
      await fillGolden({ directory: out, python });
      const { cases } = parseGolden(await readJson(out, 'golden.json'));
      const stored = cases[0]?.expected.fp32?.y;
      expect(stored).toMatchObject({ shape: [1, 120, 100], every: 7 });
      const values = await readFloats(out, stored?.file ?? '');
      const given = seededTensor(cases[0]?.inputs.x as SeededTensor).data as Float32Array;
      expect(values).toEqual(given.filter((_, i) => i % 7 === 0));
      if (!python) await pack({ modelDirectory: out, out: join(directory, 'packed') });
    }
  });

  test('a model that cannot be run with the inputs says which were tried, and others are', async () => {
    const directory = join(await temporaryDirectory(), 'words');
    const words = { source: fixture('external'), out: directory, name: 'words' };
    await draft({ ...words, ranges: { tokens: [0, 4000] } });
    const filling = fillGolden({ directory });
    await expect(filling).rejects.toMatchObject({ code: 'golden-missing' });
    await expect(filling).rejects.toThrow('Tried: tokens INT64 [1, 32] of 0 to 4000. ');
    await draft({ ...words, ranges: { tokens: [0, 39] } });
    expect((await fillGolden({ directory })).state).toBe('filled');
    expect((await fillGolden({ directory })).state).toBe('complete');
  });

  test('a TensorFlow.js operator that its CPU backend lacks is named', async () => {
    const { draft } = await draftOf(join(DIGITS, 'tfjs'));
    const file = join(draft, 'tfjs/model.json');
    const topology = await readFile(file, 'utf8');
    await writeFile(file, topology.replace('"class_name":"Flatten"', '"class_name":"Crumple"'));
    const filling = fillGolden({ directory: draft });
    await expect(filling).rejects.toMatchObject({ code: 'golden-missing' });
    await expect(filling).rejects.toThrow('Crumple');
  });

  test('a file that is cut off is named as damaged', async () => {
    const draft = await draftOfNode('Relu', [-1, 1]);
    const file = 'onnx/node.onnx';
    const bytes = await readFile(join(draft, file));
    await writeFile(join(draft, file), bytes.subarray(0, bytes.length - 3));
    await expect(fillGolden({ directory: draft })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(new RegExp(`^${file}, variant '.+': .* damaged or cut off`)),
    });
  });

  test('a process that dies is golden-missing, with its last words', async () => {
    const draft = await draftOfNode('Relu', [-1, 1]);
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=2');
    try {
      const filling = fillGolden({ directory: draft });
      await expect(filling).rejects.toMatchObject({ code: 'golden-missing' });
      await expect(filling).rejects.toThrow(/its process ended with (?:signal SIG|exit code 1)/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a process that answers nothing in time is ended, and the error says so', async () => {
    const draft = await draftOfNode('Relu', [-1, 1]);
    const answering = answerInProcess(draft, 'onnx', { limitMs: 1 });
    await expect(answering).rejects.toThrow('nothing within 1 ms');
  });

  test('only variants that are asked for are run', async () => {
    const variants = ['fp32'];
    const { answered } = await answerInProcess(DIGITS, 'onnx', { variants, isOnce: true });
    expect([...new Set(answered.map(({ variant }) => variant))]).toEqual(variants);
  });

  test('answers of another variant stay where they lie in a file that new ones would be called', async () => {
    const draft = await draftOfNode('Relu', [-1, 1]);
    await fillGolden({ directory: draft });
    await editJson(join(draft, 'model.json'), ({ variants }) => {
      variants.push({ ...variants[0], name: 'twin' });
    });
    let taken = '';
    await editJson(join(draft, 'golden.json'), ({ cases: [one] }) => {
      taken = `golden/${one.name.toLowerCase()}.twin.y.bin`;
      one.expected.fp32.y.file = taken;
    });
    await writeFile(join(draft, taken), new Uint8Array(16));
    await fillGolden({ directory: draft });
    const { cases } = parseGolden(await readJson(draft, 'golden.json'));
    const { fp32, twin } = cases[0]?.expected ?? {};
    expect(fp32?.y?.file).toBe(taken);
    expect([...(await readFloats(draft, taken))]).toEqual([0, 0, 0, 0]);
    expect([...(await readFloats(draft, twin?.y?.file ?? ''))]).not.toEqual([0, 0, 0, 0]);
  });

  test('answers of wasm are computed anew where Python is asked for', async () => {
    const draft = await draftOfNode('Relu', [-1, 1]);
    await fillGolden({ directory: draft });
    const filling = fillGolden({ directory: draft, python: 'no-such-python' });
    await expect(filling).rejects.toMatchObject({ code: 'golden-missing' });
    const sampled = fillGolden({ directory: draft, reference: 'wasm', inputs: 'samples' });
    await expect(sampled).rejects.toThrow(TypeError);
  });

  test('nothing is answered without the package nearside, and the error says how to install it', async () => {
    const from = join(await temporaryDirectory(), 'publisher.js');
    const missing = expect.objectContaining({ code: 'file-missing' });
    expect(() => requireNearsideFile('dist/worker/answer-golden.js', from)).toThrow(missing);
    expect(() => requireNearsideFile('dist/worker/answer-golden.js', from)).toThrow(
      'npm install nearside',
    );
  });
});

describe('without a Python that can', () => {
  test('golden outputs are missing, and the error names the command to run', async () => {
    const { draft } = await draftOf(fixture('affine.onnx'));
    const filling = fillGolden({ directory: draft, python: 'no-such-python', inputs: 'my photos' });
    await expect(filling).rejects.toMatchObject({
      code: 'golden-missing',
      details: {
        command: `no-such-python ${draft}/reference/golden.py --inputs '${resolve('my photos')}'`,
      },
    });
  });

  test('a directory that brings its answers along is left as it is', async () => {
    const filled = await fillGolden({ directory: DIGITS, python: 'no-such-python' });
    expect(filled.state).toBe('own');
    const inputs = fillGolden({ directory: DIGITS, inputs: 'samples' });
    await expect(inputs).rejects.toMatchObject({ code: 'model-invalid' });
  });
});

// Starting Python takes seconds where all cores are busy.
describe.skipIf(!PYTHON)(`with onnxruntime${PYTHON_NOTE}`, { timeout: 60_000 }, () => {
  const python = PYTHON as string;

  test('the answers of an ONNX model are filled in, and it packs', async () => {
    const { draft, packed } = await draftOf(fixture('affine.onnx'));
    expect(await fillGolden({ directory: draft, python })).toMatchObject({ state: 'filled' });
    const { cases, tolerance } = parseGolden(await readJson(draft, 'golden.json'));
    expect(cases[1]?.expected).toEqual({
      fp32: { y: { datatype: 'FP32', shape: [3, 3], file: 'golden/random-3.fp32.y.bin' } },
    });
    expect(tolerance).toEqual({ fp32: { abs: 1e-4, rel: 1e-3 } });
    const { variants } = await pack({ modelDirectory: draft, out: packed });
    expect(variants).toEqual(['fp32']);
  });

  test('state that no golden case gives is zeros', async () => {
    const { draft, packed } = await draftOf(join(LEAKY_SUM, 'model.onnx'));
    const edit = async (name: string, changes: object) =>
      writeFile(
        join(draft, name),
        JSON.stringify({ ...((await readJson(draft, name)) as object), ...changes }),
      );
    await edit('model.json', { state: [{ input: 'state', output: 'next' }] });
    const { cases } = parseGolden(await readJson(draft, 'golden.json'));
    const [{ inputs, ...first }] = cases as [(typeof cases)[0]];
    await edit('golden.json', { cases: [{ ...first, inputs: { x: inputs.x } }] });
    await fillGolden({ directory: draft, python });
    await pack({ modelDirectory: draft, out: packed });
    const given = seededTensor(inputs.x as SeededTensor).data;
    expect(await readFloats(draft, 'golden/random-1.fp32.next.bin')).toEqual(given);
  });

  test('weights in a file of their own are found, and their tensors named in the layout', async () => {
    const { draft, packed } = await draftOf(fixture('external'));
    await fillGolden({ directory: draft, python });
    await pack({ modelDirectory: draft, out: packed });
    expect(await readJson(packed, 'layout.json')).toMatchObject({
      tensors: { 'onnx/model.onnx_data': [['table', 'projection']] },
    });
  });

  test('are computed once for the same weights, and again for others', async () => {
    const { draft } = await draftOf(fixture('affine.onnx'));
    await fillGolden({ directory: draft, python });
    const again = await fillGolden({ directory: draft, python: 'no-such-python' });
    expect(again.state).toBe('complete');
    const model = join(draft, 'onnx/affine.onnx');
    const bytes = await readFile(model);
    bytes.writeFloatLE(0.25, 447 - 4); // the last value of W
    await writeFile(model, bytes);
    expect((await fillGolden({ directory: draft, python })).state).toBe('filled');
  });

  test('a TensorFlow.js layers model answers as the one that models/digits was made with', async () => {
    const { draft } = await draftOf(join(DIGITS, 'tfjs'));
    const golden = parseGolden(await readJson(DIGITS, 'golden.json'));
    const cases = golden.cases.map(({ name, inputs }) => ({ name, inputs, expected: {} }));
    await mkdir(join(draft, 'golden'));
    for (const { inputs } of cases) {
      const { file } = inputs.pixel_values as { file: string };
      await copyFile(join(DIGITS, file), join(draft, file));
    }
    await writeFile(
      join(draft, 'golden.json'),
      JSON.stringify({ ...golden, cases, tolerance: {} }),
    );
    await fillGolden({ directory: draft, python });
    for (const { name } of cases) {
      const logits = await readFloats(draft, `golden/${name}.uint8.logits.bin`);
      const known = await readFloats(DIGITS, `golden/${name}.uint8.logits.bin`);
      expect(logits, name).toEqual(known);
    }
  });

  test('labelled images become golden inputs and the baseline, as in models/digits', async () => {
    const directory = await temporaryDirectory();
    const source = await writeHuggingFaceFolder(join(directory, 'digits'));
    const inputs = join(directory, 'samples');
    const pixels = await readFloats(DIGITS, 'golden/two-four-five-nine.pixel_values.bin');
    for (const [i, label] of ['2', '4', '5', '9'].entries()) {
      const digit = pixels.slice(i * 784, (i + 1) * 784);
      const bytes = Uint8Array.from(digit, (value) => Math.round(value * 255));
      await mkdir(join(inputs, label), { recursive: true });
      await writeFile(join(inputs, label, 'a.png'), grayPng(bytes, { width: 28, height: 28 }));
    }
    const out = join(directory, 'draft');
    await draft({ source, out });
    await fillGolden({ directory: out, inputs, python });

    const { cases, tolerance } = parseGolden(await readJson(out, 'golden.json'));
    expect(cases.map(({ name }) => name)).toEqual(['image-1', 'images-4']);
    expect(await readFloats(out, 'golden/images-4.pixel_values.bin')).toEqual(pixels);
    for (const [variant, known] of Object.entries({ fp32: 'fp32', q8: 'int8' })) {
      const logits = await readFloats(out, `golden/images-4.${variant}.logits.bin`);
      const expected = await readFloats(DIGITS, `golden/two-four-five-nine.${known}.logits.bin`);
      const { abs } = tolerance[variant] as { abs: number };
      for (const [i, value] of logits.entries()) {
        expect(Math.abs(value - (expected[i] as number))).toBeLessThan(abs);
      }
    }
    const baseline = parseBaseline(await readJson(out, 'baseline.json'));
    expect(baseline.n).toBe(4);
    const [confidence, classes, ...described] = baseline.distributions as never[] as {
      name: string;
      labels: string[];
      counts: number[];
      correct: number[];
    }[];
    expect(confidence?.correct).toEqual(confidence?.counts);
    expect(classes?.labels.slice(0, 4)).toEqual(['2', '4', '5', '9']);
    expect(classes?.counts).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(described.map(({ name }) => name)).toEqual([
      'megapixels',
      'aspect',
      'brightness',
      'contrast',
    ]);

    await pack({ modelDirectory: out, out: join(directory, 'packed') });
    const again = await fillGolden({ directory: out, inputs, python: 'no-such-python' });
    expect(again.state).toBe('complete');
  });

  test('a model that Python cannot compute asks for a model.py, and uses it', async () => {
    const { draft, packed } = await draftOf(join(DIGITS, 'tfjs'));
    const file = join(draft, 'model.json');
    const spec = JSON.parse(await readFile(file, 'utf8'));
    spec.variants[0].format = 'graph-model';
    await writeFile(file, JSON.stringify(spec));
    const filling = fillGolden({ directory: draft, python });
    await expect(filling).rejects.toMatchObject({ code: 'golden-missing' });
    await expect(filling).rejects.toThrow('model.py');
    await writeFile(
      join(draft, 'reference/model.py'),
      'import numpy as np\n\n\ndef run(inputs, variant):\n' +
        '    return {"logits": np.full((len(inputs["pixel_values"]), 10), 0.5, np.float32)}\n',
    );
    await expect(fillGolden({ directory: draft, python })).rejects.toMatchObject({
      code: 'gate-refused',
    });
    await fillGolden({ directory: draft, python, runReference: true });
    await pack({ modelDirectory: draft, out: packed });
    expect(await readFloats(packed, 'golden/random-1.uint8.logits.bin')).toEqual(
      new Float32Array(10).fill(0.5),
    );
  });
});
