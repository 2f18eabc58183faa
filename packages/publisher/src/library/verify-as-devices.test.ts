import { gunzipSync } from 'node:zlib';
import { bundleName, targetPath } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { bundleAttacks, offeredWith, resourcesOf } from '../testing/bundle-attacks.js';
import { type RepositoryFiles, stealKeys } from '../testing/forge.js';
import { nameAttacks } from '../testing/name-attacks.js';
import { openScene } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';
import { verify } from './verify.js';

const scene = await openScene();
const stolen = await stealKeys(scene.workspace.keys);

async function problemsOf(files: RepositoryFiles): Promise<readonly { code: string }[]> {
  scene.server.files = files;
  return (await verify({ repository: scene.server.url, trust: scene.pin })).problems;
}

describe('verify refuses what devices refuse, with the same code', () => {
  for (const { name, files, first } of someOf([
    ...bundleAttacks(scene, stolen),
    ...nameAttacks(scene, stolen),
  ])) {
    test(`${name}: ${first}`, async () => {
      expect(await scene.firstOpen(files)).toBe(first);
      expect(await problemsOf(files)).toContainEqual(expect.objectContaining({ code: first }));
    });
  }

  const identity = { model: 'tiny', version: '1.1.0', sequence: 2 };
  const name = bundleName('tiny', '1.1.0');
  const { files, manifestSha256 } = scene.second;
  const bundle = files.get(targetPath(name, manifestSha256)) as Uint8Array;
  const digests = new Map(resourcesOf(bundle).map(({ name, digest }) => [name, digest]));
  const release = { digests, identity, name };
  const digest = (file: string) => digests.get(file) ?? '';

  test.each([
    ['is no JSON', (layout: string) => layout.slice(1), 'metadata-malformed'],
    [
      'lacks a file',
      (layout: string) => layout.replace('"model.json"', '"m.json"'),
      'bundle-mismatch',
    ],
    [
      'gives a file the content of another',
      (layout: string) => layout.replaceAll(digest('model.json'), digest('MODEL.md')),
      'bundle-mismatch',
    ],
    [
      'gives the golden cases other content',
      (layout: string) => layout.replaceAll(digest('golden.json'), digest('model.json')),
      'bundle-mismatch',
    ],
  ])('a signed layout that %s', async (_, edit, code) => {
    const forged = offeredWith(files, release, stolen, edit);
    expect(await scene.firstOpen(forged)).toBe(code);
    expect(await problemsOf(forged)).toContainEqual(expect.objectContaining({ code }));
  });

  test('chunks that are all sound, and together another file than the one signed', async () => {
    const forged = offeredWith(files, release, stolen, (layout) => {
      const parsed = JSON.parse(layout);
      const { 'onnx/model.onnx': weights, 'MODEL.md': card } = parsed.files;
      parsed.files['onnx/model.onnx'] = [...weights, ...card];
      return JSON.stringify(parsed);
    });
    expect(await problemsOf(forged)).toContainEqual(
      expect.objectContaining({ what: 'tiny 1.1.0, onnx/model.onnx', code: 'bundle-mismatch' }),
    );
  });

  test('golden cases that are none, signed as they are', async () => {
    const signed = new Map(digests).set('golden.json', digest('model.json'));
    const forged = offeredWith(files, { ...release, digests: signed }, stolen, (layout) => {
      const parsed = JSON.parse(layout);
      parsed.files['golden.json'] = parsed.files['model.json'];
      return JSON.stringify(parsed);
    });
    expect(await scene.firstOpen(forged)).toBe('metadata-malformed');
    expect(await problemsOf(forged)).toContainEqual(
      expect.objectContaining({ what: 'tiny 1.1.0, golden.json', code: 'metadata-malformed' }),
    );
  });
});

test('verify accepts what devices accept: gzip that the server has decoded', async () => {
  const decoded = [...scene.second.files].map(([path, bytes]): [string, Uint8Array] => [
    path,
    path.startsWith('chunks/') && path.endsWith('.z') ? gunzipSync(bytes) : bytes,
  ]);
  expect(decoded.some(([path, bytes]) => bytes !== scene.second.files.get(path))).toBe(true);
  expect(await scene.firstOpen(new Map(decoded))).toBe('1.1.0');
  const boot = new Map(decoded).set('boot/tiny.json', scene.second.boot);
  expect(await problemsOf(boot)).toEqual([]);
});
