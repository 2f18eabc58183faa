import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignInstall } from './assignment.js';
import { chooseRelease } from './release.js';
import { rolloutBucket } from './rollout-bucket.js';
import type { Targets } from './tuf/metadata.js';

interface Offer {
  readonly version: string;
  readonly sequence: number;
  readonly state?: string;
  readonly rollout?: { readonly salt: string; readonly fromBps: number; readonly toBps: number };
}

const requires = { format: 1, runtime: ['onnx'] };

function targetsOf(...offers: readonly Offer[]): Targets {
  const entries = offers.map(({ state = 'stable', ...offer }) => [
    `digits-${offer.version}.oms.json`,
    { length: 1, hashes: { sha256: 'ab' }, custom: { model: 'digits', state, requires, ...offer } },
  ]);
  return { targets: Object.fromEntries(entries) } as unknown as Targets;
}

const canary = (toBps: number, fromBps = 0, version = '1.1.0', sequence = 2): Offer => ({
  version,
  sequence,
  state: 'canary',
  rollout: { salt: 's', fromBps, toBps },
});
const STABLE: Offer = { version: '1.0.0', sequence: 1 };

/** What buckets of 100 installs in a row are assigned, by the arm and the version. */
async function arms(targets: Targets) {
  const found = new Map<string, number[]>();
  for (let i = 0; i < 400; i += 1) {
    const installId = `install ${i}`;
    const assignment = await assignInstall(targets, { model: 'digits', installId });
    const key = assignment ? `${assignment.arm} ${assignment.version}` : 'none';
    found.set(key, [...(found.get(key) ?? []), await rolloutBucket('s', installId)]);
  }
  return found;
}

test('a shadow puts no install on another side', async () => {
  const shadow = { ...canary(10_000), state: 'shadow' };
  expect([...(await arms(targetsOf(STABLE, shadow))).keys()]).toEqual(['stable 1.0.0']);
});

test('without a rollout every install is stable, on the newest version, in no experiment', async () => {
  const targets = targetsOf(STABLE, { version: '1.1.0', sequence: 2 });
  const assignment = await assignInstall(targets, { model: 'digits', installId: 'x' });
  expect(assignment).toEqual({ arm: 'stable', version: '1.1.0', experiment: undefined });
});

test('the control arm is as wide as the canary, at the other end of the buckets', async () => {
  const found = await arms(targetsOf(STABLE, canary(2_000)));
  expect([...found.keys()].sort()).toEqual(['canary 1.1.0', 'control 1.0.0', 'stable 1.0.0']);
  expect(Math.max(...(found.get('canary 1.1.0') ?? []))).toBeLessThan(2_000);
  expect(Math.min(...(found.get('control 1.0.0') ?? []))).toBeGreaterThanOrEqual(8_000);
});

test('a half is the widest that control becomes, and what the canary takes beyond it is canary', async () => {
  const found = await arms(targetsOf(STABLE, canary(8_000)));
  expect(Math.max(...(found.get('canary 1.1.0') ?? []))).toBeGreaterThan(7_000);
  expect(Math.min(...(found.get('control 1.0.0') ?? []))).toBeGreaterThanOrEqual(8_000);
  expect(found.has('stable 1.0.0')).toBe(false);
});

test('nobody changes sides between canary and control while a canary grows to a half', async () => {
  const grown = fc.integer({ min: 1, max: 5_000 });
  await fc.assert(
    fc.asyncProperty(grown, grown, fc.string(), async (a, b, installId) => {
      const armAt = async (toBps: number) => {
        const targets = targetsOf(STABLE, canary(toBps));
        return (await assignInstall(targets, { model: 'digits', installId }))?.arm;
      };
      const [before, after] = [await armAt(Math.min(a, b)), await armAt(Math.max(a, b))];
      if (before !== 'stable') expect(after).toBe(before);
    }),
    { numRuns: 200 },
  );
});

test('several versions of one experiment each have their installs', async () => {
  const targets = targetsOf(STABLE, canary(1_000), canary(2_000, 1_000, '1.2.0', 3));
  const found = await arms(targets);
  expect([...found.keys()].sort()).toEqual([
    'canary 1.1.0',
    'canary 1.2.0',
    'control 1.0.0',
    'stable 1.0.0',
  ]);
  const experiments = new Set<string | undefined>();
  for (const installId of ['a', 'b', 'c']) {
    experiments.add((await assignInstall(targets, { model: 'digits', installId }))?.experiment);
  }
  // printf s | sha256sum
  expect([...experiments]).toEqual(['043a7187']);
});

test('a revoked canary assigns nobody, and where all is a canary the others are on no side', async () => {
  const revoked = targetsOf(STABLE, { ...canary(10_000), state: 'revoked' });
  const assignment = await assignInstall(revoked, { model: 'digits', installId: 'x' });
  expect(assignment).toMatchObject({ arm: 'stable', version: '1.0.0' });
  const found = await arms(targetsOf(canary(5_000)));
  expect([...found.keys()].sort()).toEqual(['canary 1.1.0', 'none']);
});

const stableAt = (sequence: number, state = 'stable'): Offer => ({
  version: `1.${sequence}.0`,
  sequence,
  state,
});

test.each([
  ['one that all are offered', stableAt(3)],
  ['one that all were offered, and that was revoked since', stableAt(3, 'revoked')],
])('a canary older than %s is over: no install is assigned to it', async (_what, newer) => {
  const found = await arms(targetsOf(STABLE, canary(10_000), newer));
  const left = newer.state === 'revoked' ? STABLE.version : newer.version;
  expect([...found.keys()]).toEqual([`stable ${left}`]);
});

test('of two canaries with a salt each, installs are assigned to the newer alone', async () => {
  const rollout = { salt: 'older', fromBps: 0, toBps: 10_000 };
  const found = await arms(
    targetsOf(STABLE, { ...canary(2_000), rollout }, canary(2_000, 0, '1.2.0', 3)),
  );
  expect([...found.keys()].sort()).toEqual(['canary 1.2.0', 'control 1.0.0', 'stable 1.0.0']);
});

test('the version that an install chooses is the one that it is assigned to, whatever is offered', async () => {
  const bps = fc.integer({ min: 0, max: 10_000 });
  const state = fc.constantFrom('stable', 'canary', 'revoked');
  const rollout = fc.record({ salt: fc.constantFrom('a', 'b'), fromBps: bps, toBps: bps });
  const offers = fc.array(fc.record({ state, rollout: fc.option(rollout, { nil: undefined }) }));
  const support = { features: [], runtimes: ['onnx'] };
  await fc.assert(
    fc.asyncProperty(offers, fc.uuid(), async (given, installId) => {
      const offered = given.map((offer, i) => ({ ...offer, ...stableAt(i + 2, offer.state) }));
      const targets = targetsOf(STABLE, ...(offered as Offer[]));
      const assigned = await assignInstall(targets, { model: 'digits', installId });
      const question = { model: 'digits', installId, support };
      const chosen = await chooseRelease(targets, question).catch(() => undefined);
      expect(chosen?.version).toBe(assigned?.version);
    }),
  );
});
