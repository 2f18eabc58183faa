import { createHash } from 'node:crypto';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { targetPath } from '@nearside/artifact';
import { type ModelFacts, parseModelFacts } from '@nearside/core';
import { expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { flip } from '../testing/damages.js';
import { forgeTargets } from '../testing/forge.js';
import { editJson } from '../testing/model-to-pack.js';
import { writeSyntheticModel } from '../testing/synthetic-model.js';
import { openWorkspace, type Workspace } from '../testing/workspace.js';
import { facts } from './facts.js';
import { pack } from './pack.js';
import { promote } from './promote.js';
import { prune } from './prune.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

const DAY_MS = 86_400_000;

/** A repository with one version, and where its facts go. */
async function published() {
  const workspace = await openWorkspace();
  const first = await workspace.release();
  const out = join(workspace.directory, 'facts', 'models.json');
  const { repository } = workspace;
  return { workspace, first, options: { repository, trust: first.pin, out } };
}

async function read(file: string): Promise<ModelFacts> {
  return parseModelFacts(JSON.parse(await readFile(file, 'utf8')));
}

/** Publishes a version with documents that were edited. */
async function releaseEdited(
  { directory, repository, keys }: Workspace,
  model: { name?: string; version: string; sequence: number },
  edits: Record<string, Parameters<typeof editJson>[1]>,
) {
  const title = `${model.name ?? 'tiny'}-${model.version}`;
  const source = await writeSyntheticModel(join(directory, title), model);
  for (const [file, edit] of Object.entries(edits)) await editJson(join(source, file), edit);
  const packed = join(directory, `${title}-packed`);
  await pack({ modelDirectory: source, out: packed });
  return publish({ packed, repository, keys });
}

test('a version is described as devices report it: manifest, baseline, first digits of its hash', async () => {
  const { first, options } = await published();
  expect(await facts(options)).toEqual({
    file: options.out,
    changed: true,
    models: [{ model: 'tiny', versions: 1, baselines: 1 }],
  });
  const baseline = await readFile(join(first.source, 'baseline.json'));
  expect(await read(options.out)).toEqual({
    format: 1,
    revision: 1,
    pin: options.trust,
    verifiedMs: expect.any(Number),
    models: [
      {
        model: 'tiny',
        versions: [
          {
            version: '1.0.0',
            manifest: first.manifestSha256,
            sequence: 1,
            state: 'stable',
            baseline: JSON.parse(baseline.toString()),
            baselineHash: createHash('sha256').update(baseline).digest('hex').slice(0, 16),
            metrics: { accuracy: 0.5 },
          },
        ],
      },
    ],
  });
});

test('the facts of a directory and of its URL say the same, but when that was verified: by this a collector knows that the job ran, also through a copy', async () => {
  const { workspace, options } = await published();
  await workspace.release({ name: 'other', seed: 7 });
  const nowMs = Date.now();
  await facts({ ...options, now: () => nowMs });
  const first = await read(options.out);
  expect(first.verifiedMs).toBe(nowMs);
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  const again = { ...options, repository: server.url, now: () => nowMs + 60_000 };
  expect(await facts(again)).toMatchObject({ changed: false });
  expect(await read(options.out)).toEqual({ ...first, verifiedMs: nowMs + 60_000 });
});

test('a canary comes with its rollout, and a later call replaces the file', async () => {
  const { workspace, options } = await published();
  await facts(options);
  const next = await workspace.packed({ version: '1.1.0', sequence: 2, nearSeed: 1 });
  await publish({ ...workspace, packed: next.packed, canaryPercent: 5 });
  const versions = async () => (await read(options.out)).models[0]?.versions;
  expect(await facts(options)).toMatchObject({ changed: true, models: [{ versions: 2 }] });
  expect(await versions()).toMatchObject([
    {
      version: '1.1.0',
      state: 'canary',
      rollout: { salt: expect.any(String), fromBps: 0, toBps: 500 },
    },
    { version: '1.0.0', state: 'stable' },
  ]);
  await promote({ ...workspace, model: 'tiny', version: '1.1.0', to: 50 });
  await facts(options);
  expect(await versions()).toMatchObject([{ rollout: { toBps: 5000 } }, {}]);
  expect(await readdir(join(workspace.directory, 'facts'))).toEqual(['models.json']);
});

test('a revoked version keeps its manifest when its files are gone, from the directory and over HTTP', async () => {
  const { workspace, options } = await published();
  const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
  await facts(options);
  expect((await read(options.out)).models[0]?.versions[0]).toHaveProperty('baselineHash');
  for (const seed of [7, 8]) await workspace.release({ name: `other-${seed}`, seed });
  await prune({ ...workspace, olderThanMs: 0, keepNewest: 0, now: () => Date.now() + 1000 });
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  for (const repository of [workspace.repository, server.url]) {
    await facts({ ...options, repository });
    const tiny = (await read(options.out)).models.find(({ model }) => model === 'tiny');
    expect(tiny?.versions[0]).toEqual({
      version: '1.1.0',
      manifest: second.manifestSha256,
      sequence: 2,
      state: 'revoked',
    });
  }
});

test('features are named in the order of model.json; an older version with others has its own', async () => {
  const { workspace, options } = await published();
  const number = (name: string) => ({ name, type: 'number' });
  const releaseWith = (version: string, sequence: number, names: string[]) =>
    releaseEdited(
      workspace,
      { name: 'scorer', version, sequence },
      {
        'model.json': (spec) => {
          spec.features = names.map(number);
        },
      },
    );
  await releaseWith('1.0.0', 1, ['radius', 'texture']);
  await releaseWith('2.0.0', 2, ['texture', 'radius', 'area']);
  await facts(options);
  const [scorer, tiny] = (await read(options.out)).models;
  expect(scorer?.features).toEqual(['texture', 'radius', 'area']);
  expect(scorer?.versions.map(({ features }) => features)).toEqual([
    undefined,
    ['radius', 'texture'],
  ]);
  expect(tiny).not.toHaveProperty('features');
});

test('a baseline without labels gives no accuracy', async () => {
  const { workspace, options } = await published();
  await releaseEdited(
    workspace,
    { version: '1.1.0', sequence: 2 },
    {
      'baseline.json': (baseline) => {
        delete baseline.distributions[0].correct;
      },
    },
  );
  await facts(options);
  const [newest] = (await read(options.out)).models[0]?.versions ?? [];
  expect(newest).toHaveProperty('baseline');
  expect(newest).not.toHaveProperty('metrics');
});

test('another pin, expired metadata and no repository are refused, and the file stays as it was', async () => {
  const { workspace, options } = await published();
  await facts(options);
  const before = await readFile(options.out, 'utf8');
  const other = await published();
  const refused = [
    [{ ...options, trust: other.options.trust }, 'pin-mismatch'],
    [{ ...options, now: () => Date.now() + 15 * DAY_MS }, 'metadata-expired'],
    [{ ...options, repository: join(workspace.directory, 'none') }, 'file-missing'],
  ] as const;
  for (const [call, code] of refused) await expect(facts(call)).rejects.toMatchObject({ code });
  await expect(facts({ ...options, trust: 'x' })).rejects.toThrow(TypeError);
  expect(await readFile(options.out, 'utf8')).toBe(before);
});

test('a damaged or missing file of any version that is on offer is refused, and nothing is written', async () => {
  const { workspace, first, options } = await published();
  const baseline = createHash('sha256')
    .update(await readFile(join(first.source, 'baseline.json')))
    .digest('hex');
  const names = (await listFiles(workspace.repository)) ?? [];
  const needed = names.filter(
    (name) => name.includes(baseline) || /^(?:targets|metadata)\//.test(name),
  );
  expect(needed).toHaveLength(6);
  for (const name of needed) {
    const file = join(workspace.repository, name);
    const original = await readFile(file);
    await writeFile(file, flip(original, 40));
    await expect(facts(options), name).rejects.toMatchObject({ code: expect.any(String) });
    await rm(file);
    await expect(facts(options), name).rejects.toMatchObject({ code: expect.any(String) });
    await writeFile(file, original);
  }
  expect(await listFiles(join(workspace.directory, 'facts'))).toBeUndefined();
});

test('a target that a thief of the online keys added is refused', async () => {
  const { workspace, first, options } = await published();
  const bundle = await readFile(
    join(workspace.repository, targetPath('tiny-1.0.0.oms.json', first.manifestSha256)),
  );
  const custom = { model: 'tiny', version: '9.0.0', sequence: 9, state: 'stable' };
  await forgeTargets(workspace, {
    name: 'tiny-9.0.0.oms.json',
    bundle,
    custom: { ...custom, requires: { format: 1 } },
  });
  await expect(facts(options)).rejects.toMatchObject({ code: 'bundle-mismatch' });
});

test('weights are not read', async () => {
  const { workspace, first, options } = await published();
  const weights = createHash('sha256')
    .update(await readFile(join(first.source, 'onnx/model.onnx')))
    .digest('hex');
  const names = (await listFiles(workspace.repository)) ?? [];
  const chunk = names.find((name) => name.includes(weights)) ?? '';
  await rm(join(workspace.repository, chunk));
  expect(await facts(options)).toMatchObject({ changed: true });
});

test('facts are not written into the repository, whatever link leads there', async () => {
  const { workspace, options } = await published();
  const { repository, directory } = workspace;
  await symlink(repository, join(directory, 'link'));
  for (const out of [join(repository, 'models.json'), join(directory, 'link/models.json')]) {
    await expect(facts({ ...options, out })).rejects.toThrow('expected `out` outside');
  }
  expect(await listFiles(repository)).not.toContain('models.json');
  const beside = { ...options, out: join(directory, 'repository.json') };
  expect((await facts(beside)).changed).toBe(true);
});
