import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runNearside } from '../testing/run-nearside.js';
import { openWorkspace } from '../testing/workspace.js';

const nearside = (...words: readonly string[]) => runNearside(words);

/** Two packed versions, the first published, and the flags that say where. */
async function openDesk() {
  const workspace = await openWorkspace();
  const first = await workspace.release({ weightBytes: 50_000 });
  const tuned = { version: '1.1.0', sequence: 2, weightBytes: 50_000, nearSeed: 1 };
  const second = await workspace.packed(tuned);
  const flags = ['--repo', workspace.repository, '--keys', workspace.keys];
  return { workspace, site: workspace.repository, first, second, flags };
}

test('a release: diff, canary, delta, promote, revoke, prune', async () => {
  const { site, first, second, flags } = await openDesk();
  const diff = await nearside('diff', first.packed, second.packed);
  expect(diff.out).toContain('tiny 1.0.0 (sequence 1) → tiny 1.1.0 (sequence 2)');
  expect(diff.out).toMatch(/~ onnx\/model\.onnx +50 kB +1 of 1 chunk new/);
  expect(diff.out).toContain('Spec    the same');

  const canary = await nearside('publish', second.packed, ...flags, '--canary', '5%');
  expect(canary.out).toContain('Published tiny 1.1.0 (sequence 2, canary for 5 % of devices)');
  const delta = await nearside('delta', 'tiny', '1.1.0', '--from', '1.0.0', ...flags);
  expect(delta.out).toMatch(/^tiny 1\.1\.0: 2 deltas from 1\.0\.0, 2 written\.$/m);
  expect(delta.out).toMatch(/^ {2}deltas {4}[\d.]+ kB, [\d.]+ %$/m);

  const wider = await nearside('promote', 'tiny', '1.1.0', '--to', '50', ...flags);
  expect(wider.out).toMatch(
    /^tiny 1.1.0 is now canary, offered to 50 % of devices \(targets 4\)\.\n/,
  );
  for (const { out } of [canary, wider]) expect(out).toMatch(/^Next: upload .* `nearside facts`/m);
  expect((await nearside('promote', 'tiny', '1.1.0', '--to', '50', ...flags)).out).toBe(
    'tiny 1.1.0 is canary, offered to 50 % of devices already. Nothing was signed.',
  );
  const inspected = await nearside('inspect', site);
  expect(inspected.out).toContain('1.1.0, sequence 2, canary for 50 %');
  expect(inspected.out).toContain('deltas from 1.0.0');
  expect(inspected.out).toContain('tiny, boot file fresh');
  await nearside('promote', 'tiny', '1.1.0', '--stable', ...flags);

  const revoked = await nearside('revoke', 'tiny', '1.1.0', ...flags);
  expect(revoked.out).toMatch(
    /^Revoked tiny 1.1.0 \(targets 6\)\. Devices go back to 1.0.0\.\nNext: upload .* `nearside facts`/,
  );
  const dry = await nearside(
    'prune',
    '--repo',
    site,
    '--older-than',
    '0',
    '--keep',
    '0',
    '--dry-run',
  );
  expect(dry.out).toMatch(/^Would remove \d+ files, [\d.]+ kB, from .*; \d+ files kept\.$/m);
  const pruned = await nearside('prune', '--repo', site, '--older-than', '7d');
  expect(pruned.out).toMatch(/^Removed 0 files, 0 B, from .*; \d+ files kept\./m);
});

test('with --json each of them prints one document', async () => {
  const { site, second, flags } = await openDesk();
  const json = async (...words: readonly string[]) => {
    const { exitCode, out } = await nearside(...words, '--json');
    expect(exitCode).toBe(0);
    return JSON.parse(out);
  };
  expect(await json('diff', `${site}#tiny`, second.packed)).toMatchObject({ breaking: false });
  const published = await json('publish', second.packed, ...flags, '--canary', '5', '--plan');
  expect(published).toMatchObject({
    state: 'canary',
    plan: { headers: { 'Access-Control-Allow-Origin': '*' }, groups: expect.any(Array) },
  });
  const version = ['tiny', '1.1.0'] as const;
  expect(await json('delta', ...version, '--from', '1.0.0', ...flags)).toMatchObject({ deltas: 2 });
  expect(await json('promote', ...version, '--stable', ...flags)).toMatchObject({ percent: 100 });
  expect(await json('revoke', ...version, ...flags)).toMatchObject({ changed: true });
  expect(await json('prune', '--repo', site)).toMatchObject({ removed: [], dryRun: false });
  expect(await json('inspect', site)).toMatchObject({ models: [{ boot: { state: 'fresh' } }] });
});

test('publish --plan prints the order to upload in, with headers', async () => {
  const { second, flags } = await openDesk();
  const { out } = await nearside('publish', second.packed, ...flags, '--plan');
  const order = [...out.matchAll(/^ {2}\d+\. (\S+)/gm)].map(([, pattern]) => pattern);
  expect(order.at(0)).toBe('chunks/*');
  expect(order.slice(-2)).toEqual(['metadata/timestamp.json', 'boot/*']);
  expect(out).toMatch(/metadata\/timestamp\.json +1 file .*Cache-Control: no-cache$/m);
  expect(out).toContain('Cross-Origin-Resource-Policy: cross-origin');
});

test('facts writes what a collector reads, and says of each model how many versions', async () => {
  const { workspace, site, second, flags } = await openDesk();
  await nearside('publish', second.packed, ...flags, '--canary', '5');
  const { out: pin } = await nearside('pin', site);
  const file = join(workspace.directory, 'models.json');
  const words = ['facts', site, '--trust', pin, '--out', file];
  const written = await nearside(...words);
  expect(written).toMatchObject({ exitCode: 0, errors: '' });
  expect(written.out).toBe(`Wrote ${file}, 1 model:\n  tiny: 2 versions`);
  expect((await nearside(...words)).out).toContain('nothing was written');
  const { out } = await nearside(...words, '--json');
  expect(JSON.parse(out)).toEqual({
    file,
    changed: false,
    models: [{ model: 'tiny', versions: 2, baselines: 2 }],
  });
  const refused = await nearside('facts', site, '--trust', 'nope', '--out', file);
  expect(refused.exitCode).toBe(2);
  expect(refused.errors).toContain('`--trust`');
});

test('4: refused by a gate', async () => {
  const { workspace, flags } = await openDesk();
  const breaking = { version: '1.1.0', sequence: 2, inputName: 'pixels' };
  const { packed } = await workspace.packed(breaking);
  const published = await nearside('publish', packed, ...flags);
  expect(published.exitCode).toBe(4);
  expect(published.errors).toMatch(/^nearside: schema-breaking: [^\n]*input x removed[^\n]*$/);
  const revoked = await nearside('revoke', 'tiny', '1.0.0', ...flags);
  expect(revoked.exitCode).toBe(4);
  expect((await nearside('revoke', 'tiny', '1.0.0', ...flags, '--force')).exitCode).toBe(0);
});

test('4: a second canary, with the commands that end the first', async () => {
  const { workspace, second, flags } = await openDesk();
  await nearside('publish', second.packed, ...flags, '--canary', '5');
  const third = await workspace.packed({ version: '1.2.0', sequence: 3, seed: 3 });
  const another = await nearside('publish', third.packed, ...flags, '--canary', '5');
  expect(another.exitCode).toBe(4);
  expect(another.errors).toMatch(/^nearside: canary-out: [^\n]*`nearside revoke tiny 1\.1\.0 /);
});

test.each([
  ['promote to nothing', ['promote', 'tiny', '1.0.0', '--repo', 'r']],
  ['promote to two things', ['promote', 't', '1.0.0', '--repo', 'r', '--to', '5', '--stable']],
  ['promote to no share', ['promote', 'tiny', '1.0.0', '--repo', 'r', '--to', 'all']],
  ['a canary for nobody', ['publish', 'p', '--repo', 'r', '--canary', '0']],
  ['a canary for too many', ['publish', 'p', '--repo', 'r', '--canary', '101']],
  ['facts without a pin', ['facts', 'site', '--out', 'models.json']],
  ['facts without a file', ['facts', 'site', '--trust', 'sha256-x']],
  ['delta from nothing', ['delta', 'tiny', '1.0.0', '--repo', 'r']],
  ['an age without a unit', ['prune', '--repo', 'r', '--older-than', '7']],
  ['no number of versions', ['prune', '--repo', 'r', '--keep', 'all']],
])('2: %s', async (_, words) => {
  const { exitCode, errors } = await nearside(...words);
  expect(exitCode).toBe(2);
  expect(errors.split('\n').at(-1)).toMatch(/^nearside: usage: [^\n]+\.$/);
});

test('0: --help', async () => {
  for (const command of ['diff', 'delta', 'promote', 'revoke', 'prune', 'facts']) {
    const { exitCode, out } = await nearside(command, '--help');
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: nearside ${command}`);
    expect(out).toContain('--json');
  }
});

test('1: what does not exist, as one line', async () => {
  const { workspace, flags } = await openDesk();
  const unknown = await nearside('promote', 'tiny', '9.0.0', '--stable', ...flags);
  expect(unknown).toMatchObject({ exitCode: 1, out: '' });
  expect(unknown.errors).toMatch(/^nearside: no-version: [^\n]*1\.0\.0 \(stable\)\.$/);
  const none = join(workspace.directory, 'none');
  expect((await nearside('prune', '--repo', none)).errors).toMatch(/^nearside: file-missing: /);
});
