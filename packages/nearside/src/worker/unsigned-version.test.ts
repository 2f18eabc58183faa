import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { proofFiles } from './golden-check.js';
import { createLoadProgress } from './load-progress.js';
import { completeSpec, deriveVariant, openUnsignedVersion } from './unsigned-version.js';

const DIGITS = new URL('../../../../models/digits/', import.meta.url);

async function openDigits(withheld?: string) {
  const paths = await readdir(DIGITS, { recursive: true });
  const names = paths.filter((path) => /\.(json|onnx|bin)$/.test(path) && path !== withheld);
  const blobs = names.map(async (name) => {
    return [name, new Blob([await readFile(new URL(name, DIGITS))])] as const;
  });
  const files = Object.fromEntries(await Promise.all(blobs));
  const spec = JSON.parse(await readFile(new URL('model.json', DIGITS), 'utf8'));
  const version = await openUnsignedVersion(
    { files, spec, fetchedBytes: 0, fetchMs: 7, wantsComparison: false },
    { id: '', cohort: 0 },
  );
  const [variant] = version.spec.variants;
  const { golden } = version;
  if (!variant || !golden) throw new TypeError('expected a variant and golden cases');
  return { version, variant, golden };
}

const progress = createLoadProgress(() => {});

test('a session gets the files of its variant and all that proves it; what is read anew is what was asked for', async () => {
  const { version, variant, golden } = await openDigits();
  const { spec } = version;
  const { files, fetchedBytes, fetchMs } = await version.readVariant(variant, progress);
  const proofs = proofFiles(golden, { spec, variant, scope: 'all' });
  expect([...files.keys()]).toEqual([...variant.files, ...proofs]);
  const first = proofFiles(golden, { spec, variant, scope: 'first' });
  expect([...(await version.readWhole(first)).keys()]).toEqual(first);
  expect(first.length).toBeLessThan(proofs.length);
  expect(fetchMs).toBe(7);
  expect([fetchedBytes, await version.missingBytes(variant), version.provenBy]).toEqual([0, 0, []]);
});

test('files that are here leave the runtime alone to be waited for, and progress goes by that', async () => {
  const { version, variant } = await openDigits();
  const ratios: number[] = [];
  const seen = createLoadProgress(({ ratio }) => ratios.push(ratio));
  seen.expect('runtime', 1000);
  await version.readVariant(variant, seen);
  seen.arrive('runtime', 500);
  expect(ratios.at(-1)).toBeCloseTo(0.05 + 0.85 / 2);
});

test('a file that a golden case names and nobody gave is file-missing before anything is loaded', async () => {
  const { golden, variant, version: whole } = await openDigits();
  const { spec } = whole;
  const last = proofFiles(golden, { spec, variant, scope: 'all' }).at(-1) as string;
  const { version } = await openDigits(last);
  await expect(version.readVariant(variant, progress)).rejects.toMatchObject({
    code: 'file-missing',
    details: { file: last },
  });
});

test('a TFLite file is told from others: it is said what makes ONNX of it', async () => {
  const files = { 'face.tflite': new Blob(['\0\0\0\0TFL3 and its tables']) };
  const version = await openUnsignedVersion(
    { files, spec: {}, fetchedBytes: 0, fetchMs: 0, wantsComparison: false },
    { id: '', cohort: 0 },
  );
  const [variant] = version.spec.variants;
  if (!variant) throw new TypeError('expected a variant');
  await expect(version.readVariant(variant, progress)).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('got a TFLite file. `nearside seal` writes it as ONNX'),
  });
});

test.each([
  '{"modelTopology":null,"weightsManifest":[]}',
  '{"modelTopology":{},"weightsManifest":[null]}',
  '{"modelTopology":{},"weightsManifest":[{}]}',
  '{"modelTopology":{},"weightsManifest":[{"paths":[{}]}]}',
])('JSON that is no model of TensorFlow.js is told from one: %s', async (json) => {
  await expect(deriveVariant({ 'model.json': new Blob([json]) })).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('got other JSON'),
  });
});

const VARIANT = {
  name: 'model',
  runtime: 'onnx',
  dtype: 'unknown',
  files: ['weights/My Model (2).onnx'],
} as const;
const DERIVED = { variant: { ...VARIANT, files: [...VARIANT.files] }, sizeBytes: 1000 };

test('a spec without anything is completed from the file', () => {
  expect(completeSpec({}, DERIVED)).toMatchObject({
    name: 'my-model-2',
    version: '0.0.0',
    sequence: 0,
    task: 'tensors',
    inputs: [],
    outputs: [],
    variants: [{ files: ['weights/My Model (2).onnx'] }],
    limits: { memoryBytes: 1000 },
  });
});

test('a file name with nothing usable in it makes a plain name', () => {
  const files = ['模型.onnx'];
  expect(completeSpec({}, { ...DERIVED, variant: { ...VARIANT, files } }).name).toBe('model');
});

test('what is given is taken', () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }];
  const given = { name: 'ocr', version: '1.2.0', sequence: 4, inputs };
  expect(completeSpec(given, DERIVED)).toMatchObject({ ...given, outputs: [] });
});

test('what is given wrong is refused, and so is an unknown field', () => {
  for (const given of [{ name: 'Not A Name' }, { version: '1' }, { nonsense: 1 }, { inputs: [] }]) {
    expect(() => completeSpec(given, DERIVED)).toThrow(/^the spec, /);
  }
});
