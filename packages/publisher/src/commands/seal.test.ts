import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture } from '../testing/fixtures.js';
import { runNearside } from '../testing/run-nearside.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';

const nearside = (...words: readonly string[]) => runNearside(words);

test('the last line that seal prints is the one to paste; --json has it and the hash', async () => {
  const directory = await temporaryDirectory();
  const model = await writeSyntheticModel(join(directory, 'model'));
  const words = ['seal', model, '--out', join(directory, 'public/models/tiny')];
  const { exitCode, out } = await nearside(...words);
  expect(exitCode).toBe(0);
  expect(out).toContain('Sealed tiny 1.0.0');
  expect(out).toMatch(/\n\nopen\('models\/tiny', \{ integrity: 'sha256-.{44}' \}\)$/);
  const again = JSON.parse((await nearside(...words, '--prune', '--json')).out);
  expect(again).toMatchObject({ model: 'tiny', changed: false, filesRemoved: 0 });
  expect(out).toContain(again.integrity);
});

test.each([
  ['--out', ['--out', 'public/other']],
  ['--url', ['--out', 'public/tiny', '--url', 'https://cdn.example/other']],
  ['--module', ['--out', 'public/tiny', '--module', 'tiny.json']],
])('%s that does not fit exits 2 and is named', async (flag, flags) => {
  const model = await writeSyntheticModel(join(await temporaryDirectory(), 'model'));
  const { exitCode, errors } = await nearside('seal', model, ...flags);
  expect(exitCode).toBe(2);
  expect(errors).toContain(`\`${flag}\``);
});

test('a file of weights is named after the folder, and its version after the weights', async () => {
  const directory = await temporaryDirectory();
  const words = ['seal', fixture('affine.onnx'), '--json', '--out'];
  const draft = join(directory, 'draft');
  const sealed = await nearside(...words, join(directory, 'line'), '--draft', draft);
  expect(sealed.errors).toBe('');
  const result = JSON.parse(sealed.out);
  expect(result).toMatchObject({ model: 'line', draft });
  expect(result.version).toMatch(/^0\.0\.0-h[0-9a-f]{8}$/);
  const { name, version } = JSON.parse(await readFile(join(draft, 'model.json'), 'utf8'));
  expect({ name, version }).toEqual({ name: 'line', version: result.version });
  const { reference } = JSON.parse(await readFile(join(draft, 'golden.json'), 'utf8'));
  expect(reference).toMatch(/^onnxruntime-web [\d.]+ wasm$/);
});
