import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { DAMAGES, flip } from '../testing/damages.js';
import { forgeTargets } from '../testing/forge.js';
import { someOf } from '../testing/some-of.js';
import { openWorkspace, publishedOnce } from '../testing/workspace.js';
import { delta } from './delta.js';
import { serveRepository } from './serve-repository.js';
import { verify } from './verify.js';

const DAY_MS = 86_400_000;

/** Two versions with deltas between them: a repository with every kind of file. */
const published = publishedOnce(async (workspace) => {
  await workspace.release();
  const { pin } = await workspace.release({ version: '1.1.0', sequence: 2, nearSeed: 1 });
  await delta({ ...workspace, model: 'tiny', version: '1.1.0', from: '1.0.0' });
  return { trust: pin };
});

describe('a repository as it was published', () => {
  test('verifies from its directory and over HTTP, every file of it', async () => {
    const { workspace, trust } = await published();
    const files: string[] = [];
    const verification = await verify({
      ...workspace,
      trust,
      onProgress: ({ version, file }) => files.push(`${version} ${file}`),
    });
    expect(verification).toMatchObject({
      ok: true,
      problems: [],
      warnings: [],
      versions: ['tiny 1.1.0', 'tiny 1.0.0'],
      bytes: expect.any(Number),
    });
    expect(files).toContain('1.0.0 onnx/model.onnx');
    const stored = (await listFiles(workspace.repository)) ?? [];
    const chunks = stored.filter((name) => name.startsWith('chunks/'));
    expect(verification.chunks).toBe(chunks.length);
    await using server = await serveRepository({ dir: workspace.repository, port: 0 });
    expect(await verify({ repository: server.url, trust })).toEqual(verification);
  });

  test('does not verify under another pin', async () => {
    const { workspace } = await published();
    const { pin: trust } = await (await openWorkspace()).release();
    expect(await verify({ ...workspace, trust })).toMatchObject({
      ok: false,
      problems: [{ what: 'metadata', code: 'pin-mismatch' }],
    });
    await expect(verify({ ...workspace, trust: 'x' })).rejects.toThrow(TypeError);
  });
});

/** Older generations, which only devices in the middle of a refresh read. */
const SUPERSEDED = /^metadata\/[12]\.(?:targets|snapshot)\.json$/;

describe('a damaged file', { timeout: 30_000 }, () => {
  test.each(Object.entries(DAMAGES))('is found, whichever it is: %s', async (kind, damage) => {
    const { workspace, trust } = await published();
    const names = ((await listFiles(workspace.repository)) ?? []).filter(
      (name) => !SUPERSEDED.test(name),
    );
    for (const kind of ['metadata/', 'targets/', 'chunks/', 'deltas/', 'boot/']) {
      expect(
        names.some((name) => name.startsWith(kind)),
        kind,
      ).toBe(true);
    }
    const turn = Object.keys(DAMAGES).indexOf(kind); // another file at each damage
    for (const name of someOf(names, turn)) {
      const file = join(workspace.repository, name);
      const original = await readFile(file);
      await writeFile(file, damage(original));
      const { ok, problems } = await verify({ ...workspace, trust });
      expect([ok, problems.length > 0], name).toEqual([false, true]);
      await writeFile(file, original);
    }
    expect(await verify({ ...workspace, trust })).toMatchObject({ ok: true });
  });

  test('does not keep the others from being found', async () => {
    const { workspace, trust } = await published();
    const names = (await listFiles(workspace.repository)) ?? [];
    const damaged = names.filter((name) => /^(?:chunks|boot)\//.test(name)).slice(0, 4);
    for (const name of damaged) {
      const file = join(workspace.repository, name);
      await writeFile(file, flip(await readFile(file), 0));
    }
    const { problems } = await verify({ ...workspace, trust });
    for (const name of damaged) {
      expect(
        problems.some(({ what }) => what.includes(name)),
        name,
      ).toBe(true);
    }
  });

  test('that is missing is found too', async () => {
    const { workspace, trust } = await published();
    const names = (await listFiles(workspace.repository)) ?? [];
    for (const name of names.filter((path) => /^(?:chunks|targets|boot)\//.test(path))) {
      const file = join(workspace.repository, name);
      const original = await readFile(file);
      await rm(file);
      expect((await verify({ ...workspace, trust })).ok, name).toBe(false);
      await writeFile(file, original);
    }
  });
});

test('expired metadata is a problem, and all below it is read nevertheless', async () => {
  const { workspace, trust } = await published();
  const { problems, versions } = await verify({
    ...workspace,
    trust,
    now: () => Date.now() + 31 * DAY_MS,
  });
  expect(problems.map(({ what, code }) => [what, code])).toEqual([
    ['snapshot.json', 'metadata-expired'],
    ['timestamp.json', 'metadata-expired'],
  ]);
  expect(versions).toHaveLength(2);
});

test('a bundle of another version is found', async () => {
  const { workspace, trust } = await published();
  const [name = ''] = ((await listFiles(workspace.repository)) ?? []).filter((path) =>
    path.endsWith('tiny-1.0.0.oms.json'),
  );
  await forgeTargets(workspace, {
    name: 'tiny-9.0.0.oms.json',
    bundle: await readFile(join(workspace.repository, name)),
    custom: {
      model: 'tiny',
      version: '9.0.0',
      sequence: 9,
      state: 'stable',
      requires: { format: 1 },
    },
  });
  const { problems } = await verify({ ...workspace, trust });
  expect(problems).toContainEqual(
    expect.objectContaining({ what: 'tiny 9.0.0', code: 'bundle-mismatch' }),
  );
});
