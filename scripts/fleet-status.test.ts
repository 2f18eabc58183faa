import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { experimentOf } from '../packages/artifact/src/rollout-bucket.js';
import {
  type Collector,
  startCollector,
} from '../packages/collector/src/server/start-collector.js';
import { sampleReport } from '../packages/collector/src/testing/sample-report.js';
import { facts } from '../packages/publisher/src/library/facts.js';
import { publish } from '../packages/publisher/src/library/publish.js';
import { revoke } from '../packages/publisher/src/library/revoke.js';
import { runNearside } from '../packages/publisher/src/testing/run-nearside.js';
import { snapshotOf } from '../packages/publisher/src/testing/snapshot.js';
import {
  openWorkspace,
  publishedOnce,
  type Workspace,
} from '../packages/publisher/src/testing/workspace.js';

const TOKEN = 'a-read-token-of-the-collector';
let collector: Collector | undefined;
afterEach(() => collector?.close());

const publishCanary = publishedOnce(async (workspace) => {
  const { pin } = await workspace.release();
  const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
  const { rollout } = await publish({ ...workspace, packed, canaryPercent: 5 });
  const { packed: next } = await workspace.packed({ version: '1.2.0', sequence: 3, seed: 3 });
  return { pin, next, experiment: rollout && (await experimentOf(rollout.salt)) };
});

/** A repository with a canary, a collector with its facts, and a command that asks it. */
async function openFleet(
  change: (workspace: Workspace) => Promise<unknown> = async () => {},
  { factsOf }: { factsOf?: Pick<Workspace, 'repository'> & { pin: string } } = {},
) {
  const { workspace, pin, next, experiment } = await publishCanary();
  await change(workspace);
  const models = join(workspace.directory, 'models.json');
  const { repository, pin: trust } = factsOf ?? { ...workspace, pin };
  await facts({ repository, trust, out: models });
  const options = { readToken: TOKEN, minDevices: 1, models };
  collector = await startCollector({ file: ':memory:', port: 0, ...options });
  const { url } = collector;
  vi.stubEnv('NEARSIDE_READ_TOKEN', TOKEN);
  const status = (...words: readonly string[]) =>
    runNearside(['status', workspace.repository, '--fleet', url, ...words]);

  /** Devices of a side report a run each. */
  async function report(arm: 'canary' | 'control', version: string, devices: number) {
    for (let g = 0; g < devices; g += 1) {
      const dimensions = { model: 'tiny', version, assigned: version, arm, experiment };
      const nowMs = Date.now();
      const body = JSON.stringify(
        sampleReport({ g, t0: nowMs - 600_000, sent: nowMs, dimensions }),
      );
      const { status } = await fetch(`${url}/v1/reports`, { method: 'POST', body });
      expect(status).toBe(204);
    }
  }

  return { workspace, next, url, status, report };
}

test('status --fleet says what is out, on how many devices, and its verdict', async () => {
  const { status, report } = await openFleet();
  await report('canary', '1.1.0', 3);
  await report('control', '1.0.0', 2);
  const { exitCode, out, errors } = await status();
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
  const [title, canary, devices, verdict, plan] = out
    .split('\n')
    .slice(out.split('\n').indexOf('') + 1);
  expect(title).toBe('tiny: 1.0.0 for all devices, and a canary');
  expect(canary).toMatch(/^ {2}canary {3}1\.1\.0, offered to 5 % of devices since 20\d\d-.*Z$/);
  expect(devices).toBe('  devices  3 with it, 2 in its control, on the busiest day');
  expect(verdict).toMatch(/^ {2}verdict {2}hold: devices of too few cohorts/);
  expect(plan).toMatch(/^ {2}How long a verdict takes at 5 % of devices is not known/);

  const { models } = JSON.parse((await status('--json')).out);
  expect(models).toEqual([
    {
      model: 'tiny',
      version: '1.0.0',
      canary: {
        version: '1.1.0',
        percent: 5,
        sinceMs: expect.any(Number),
        devices: { canary: 3, control: 2 },
        verdict: 'hold',
        because: [expect.any(String)],
        hoursLeft: null,
        plan: { hours: null, percentInADay: null },
      },
      factsRevision: 2,
      factsPin: expect.stringMatching(/^sha256-/),
      unknownVersions: [],
    },
  ]);
});

test('a canary that nobody has reported has no verdict, and facts of older targets are told', async () => {
  const { workspace, status } = await openFleet();
  expect((await status()).out).toContain('verdict  none yet: no device has reported of it');
  const flags = ['--repo', workspace.repository, '--keys', workspace.keys];
  await runNearside(['promote', 'tiny', '1.1.0', '--to', '25', ...flags]);
  expect((await status()).out).toContain(
    'The collector has facts of targets 2, not of 3: run `nearside facts`.',
  );
});

test('a collector with the facts of another repository is told, also where its targets have the same version', async () => {
  const other = await openWorkspace();
  const { pin } = await other.release();
  await other.release({ version: '1.1.0', sequence: 2, seed: 2 });
  const { status } = await openFleet(undefined, { factsOf: { ...other, pin } });
  expect((await status()).out).toContain(
    `The collector has facts of another repository, whose pin is ${pin}: ask the collector of this one, or give it the facts of this one.`,
  );
  const { models } = JSON.parse((await status('--json')).out);
  expect(models).toMatchObject([{ factsRevision: 2, factsPin: pin }]);
});

test('a shadow is told with how often it agrees', async () => {
  const { url, status } = await openFleet(async (workspace) => {
    const { packed } = await workspace.packed({ version: '1.2.0', sequence: 3, decides: true });
    await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
    await publish({ ...workspace, packed, shadowPercent: 5 });
  });
  const nowMs = Date.now();
  const dimensions = { model: 'tiny', version: '1.0.0' };
  const report = sampleReport({ t0: nowMs - 600_000, sent: nowMs, dimensions });
  const shadow = { ...report.shadow, candidate: '1.2.0', n: 4, agreements: 3 };
  const body = JSON.stringify({ ...report, shadow });
  expect((await fetch(`${url}/v1/reports`, { method: 'POST', body })).status).toBe(204);
  const { out } = await status();
  expect(out).toMatch(/^ {2}shadow {3}1\.2\.0, runs beside on 5 % of devices since 20\d\d-.*Z$/m);
  expect(out).toMatch(/^ {2}agrees {3}on 75 % of 4 inputs \([\d.]+ % to [\d.]+ %\)$/m);
});

test('a rollout of a version that the repository does not have is told', async () => {
  const { status, report } = await openFleet();
  await report('canary', '9.9.9', 1);
  expect((await status()).out).toContain(
    'Devices report a canary that this repository does not have: unlisted.',
  );
});

test('publish --canary --fleet says beforehand how long a verdict takes', async () => {
  const { workspace, next, url } = await openFleet();
  const site = ['--repo', workspace.repository, '--keys', workspace.keys];
  await runNearside(['revoke', 'tiny', '1.1.0', ...site]);
  const words = ['publish', next, ...site, '--canary', '5', '--fleet', url];
  const { out } = await runNearside(words);
  expect(out.split('\n')[0]).toMatch(/^How long a verdict takes at 5 % of devices is not known/);
  const again = JSON.parse((await runNearside([...words, '--json'])).out);
  expect(again).toMatchObject({
    changed: false,
    untilVerdict: { hours: null, percentInADay: null },
  });
});

test.each([
  ['another token', 'another', 'read-token-missing'],
  ['no collector there', undefined, 'network-failed'],
])('with %s publish --fleet signs nothing', async (_what, token, code) => {
  const { workspace, next, url } = await openFleet();
  if (token === undefined) await collector?.close();
  else vi.stubEnv('NEARSIDE_READ_TOKEN', token);
  const before = await snapshotOf(workspace.repository);
  const site = ['--repo', workspace.repository, '--keys', workspace.keys];
  const words = ['publish', next, ...site, '--canary', '5', '--fleet', url];
  const { exitCode, errors } = await runNearside(words);
  expect(exitCode).toBe(1);
  expect(errors).toContain(`nearside: ${code}: `);
  expect(await snapshotOf(workspace.repository)).toEqual(before);
});

test('status --fleet tells expiry also where the collector tells nothing, and exits with 1', async () => {
  const { status } = await openFleet();
  await collector?.close();
  const { exitCode, out, errors } = await status();
  expect(exitCode).toBe(1);
  expect(out).toMatch(/timestamp .* expires /);
  expect(errors).toContain('nearside: network-failed: ');
  const document = JSON.parse((await status('--json')).out);
  expect(document).toMatchObject({ fleetProblem: { code: 'network-failed' } });
});

test('--fleet is for a canary', async () => {
  const { exitCode, errors } = await runNearside([
    ...['publish', 'packed', '--repo', 'site', '--fleet', 'https://reports.example'],
  ]);
  expect({ exitCode, errors }).toMatchObject({ exitCode: 2 });
});
