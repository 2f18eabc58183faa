import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Progress } from '../files/slices.js';
import { openWorkspace, publishedOnce } from '../testing/workspace.js';
import { delta } from './delta.js';
import { diff } from './diff.js';
import { pack } from './pack.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

const WEIGHT_BYTES = 400_000;
const TUNED = { version: '1.1.0', sequence: 2, weightBytes: WEIGHT_BYTES, nearSeed: 1 };

const publishUpdate = publishedOnce(async (workspace) => {
  const first = await workspace.release({ weightBytes: WEIGHT_BYTES });
  const second = await workspace.release(TUNED);
  return { first, second };
});

async function openUpdate() {
  const { workspace, ...releases } = await publishUpdate();
  const at = (version: string) => `${workspace.repository}#tiny@${version}`;
  return { workspace, ...releases, at };
}

test('diff tells which files changed and what of their chunks is shared', async () => {
  const { at } = await openUpdate();
  const { from, to, files, chunks, sharedChunks, storedBytes, sharedBytes } = await diff({
    from: at('1.0.0'),
    to: at('1.1.0'),
  });
  expect([from, to]).toEqual([
    { model: 'tiny', version: '1.0.0', sequence: 1 },
    { model: 'tiny', version: '1.1.0', sequence: 2 },
  ]);
  const changed = files.filter(({ change }) => change !== 'same');
  expect(changed).toMatchObject([
    { name: 'layout.json', change: 'changed' },
    { name: 'model.json', change: 'changed' },
    {
      name: 'onnx/model.onnx',
      change: 'changed',
      sizeBytes: WEIGHT_BYTES,
      chunks: 1,
      sharedChunks: 0,
    },
  ]);
  expect(chunks - sharedChunks).toBe(3);
  expect(storedBytes - sharedBytes).toBeGreaterThan(WEIGHT_BYTES);
});

test('diff weighs an update as delta does, and for each variant alone', async () => {
  const { workspace, at } = await openUpdate();
  const { total, variants, deltas } = await diff({ from: at('1.0.0'), to: at('1.1.0') });
  const written = await delta({ ...workspace, model: 'tiny', version: '1.1.0', from: '1.0.0' });
  const { fullBytes, updateBytes, deltaBytes } = written;
  expect(total).toEqual({ fullBytes, updateBytes, deltaBytes });
  expect(deltas).toBe(written.deltas);
  const [onnx, tfjs] = variants;
  expect(onnx?.updateBytes).toBe(updateBytes);
  expect(onnx?.deltaBytes).toBe(deltaBytes);
  expect(tfjs?.updateBytes).toBeLessThan(2000); // model.json and layout.json
});

test('diff says the same of packed directories, a repository, and its URL', async () => {
  const { workspace, first, second, at } = await openUpdate();
  const packed = await diff({ from: first.packed, to: second.packed });
  expect(await diff({ from: at('1.0.0'), to: at('1.1.0') })).toEqual(packed);
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  const newest = `${server.url}#tiny`;
  expect(await diff({ from: `${server.url}/#tiny@1.0.0`, to: newest })).toEqual(packed);
  expect(await diff({ from: first.packed, to: newest })).toEqual(packed);
});

test('a folder may have a line break in its name', async () => {
  const { workspace, at } = await openUpdate();
  const folder = join(workspace.directory, 'two\nlines');
  await cp(workspace.repository, folder, { recursive: true });
  const { to } = await diff({ from: at('1.0.0'), to: `${folder}#tiny@1.1.0` });
  expect(to.version).toBe('1.1.0');
});

test('without a version the newest is meant that is not revoked', async () => {
  const { workspace, at } = await openUpdate();
  await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
  const { to } = await diff({ from: at('1.1.0'), to: `${workspace.repository}#tiny` });
  expect(to.version).toBe('1.0.0');
});

test('diff tells what callers notice, and what else the spec says differently', async () => {
  const workspace = await openWorkspace();
  const { packed: from } = await workspace.packed();
  const { packed: to } = await workspace.packed({ version: '2.0.0', inputName: 'pixels' });
  const result = await diff({ from, to });
  expect(result.breaking).toBe(true);
  expect(result.schema.map(({ what, name }) => [what, name])).toEqual([
    ['input', 'x'],
    ['input', 'pixels'],
  ]);
  expect(result.spec).toEqual([]);
});

test('files that are new or gone are named so', async () => {
  const workspace = await openWorkspace();
  const { packed: from } = await workspace.packed();
  const { source, packed: to } = await workspace.packed({ version: '1.1.0', sequence: 2 });
  const spec = JSON.parse(await readFile(join(source, 'model.json'), 'utf8'));
  spec.variants.pop();
  spec.limits.memoryBytes = 2_000_000;
  await writeFile(join(source, 'model.json'), JSON.stringify(spec));
  const golden = JSON.parse(await readFile(join(source, 'golden.json'), 'utf8'));
  delete golden.cases[0].expected.tfjs;
  delete golden.tolerance.tfjs;
  await writeFile(join(source, 'golden.json'), JSON.stringify(golden));
  await pack({ modelDirectory: source, out: to });

  const forward = await diff({ from, to });
  const removed = forward.files.filter(({ change }) => change === 'removed');
  expect(removed.map(({ name }) => name)).toEqual([
    'golden/one.tfjs.y.bin',
    'tfjs/model.json',
    'tfjs/weights.bin',
  ]);
  expect(forward.spec.map(({ field }) => field)).toEqual(['variants', 'limits']);
  expect(forward.variants.map(({ name }) => name)).toEqual(['onnx']);
  const back = await diff({ from: to, to: from });
  const added = back.files.filter(({ change }) => change === 'added');
  expect(added.map(({ name }) => name)).toEqual(removed.map(({ name }) => name));
});

test.each([
  ['a repository without a version in it', 'file-missing', (repository: string) => repository],
  ['an unknown model', 'model-not-found', (repository: string) => `${repository}#large`],
  ['an unknown version', 'no-version', (repository: string) => `${repository}#tiny@3.0.0`],
  ['nothing', 'file-missing', (repository: string) => `${repository}-none`],
])('%s is refused (%s)', async (_, code, reference) => {
  const { workspace, at } = await openUpdate();
  const to = reference(workspace.repository);
  await expect(diff({ from: at('1.0.0'), to })).rejects.toMatchObject({ code });
});

test('diff, delta and publish tell how far they have come', async () => {
  const { workspace, second, at } = await openUpdate();
  const told: number[] = [];
  const onProgress = ({ doneBytes, totalBytes }: Progress) => told.push(doneBytes / totalBytes);
  await diff({ from: at('1.0.0'), to: at('1.1.0'), onProgress });
  await delta({ ...workspace, model: 'tiny', version: '1.1.0', from: '1.0.0', onProgress });
  await publish({ ...workspace, packed: second.packed, onProgress });
  expect(told.filter((ratio) => ratio === 1)).toHaveLength(3);
  expect(Math.min(...told)).toBeGreaterThan(0);
});
