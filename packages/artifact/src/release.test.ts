import { isNearsideError, SPEC_FORMAT } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseRelease,
  findRelease,
  type ReleaseCustom,
  releasesOf,
  shadowOnOffer,
  unsupportedReleases,
} from './release.js';
import { rolloutBucket } from './rollout-bucket.js';
import type { Targets } from './tuf/metadata.js';

const installId = '0123456789abcdef0123456789abcdef';
const support = { features: [], runtimes: ['onnx', 'tfjs'] };
const question = { model: 'digits', installId, support };

function targetsOf(...releases: readonly Partial<ReleaseCustom>[]): Targets {
  const entries = releases.map((release, i) => {
    const sequence = release.sequence ?? i + 1;
    const defaults = { model: 'digits', version: `1.${sequence}.0`, sequence, state: 'stable' };
    const custom = { ...defaults, requires: { format: 1 }, ...release };
    return [`${i}.oms.json`, { length: 1, hashes: { sha256: 'a'.repeat(64) }, custom }];
  });
  return {
    _type: 'targets',
    spec_version: '1.0.31',
    version: 1,
    expires: '2030-01-01T00:00:00Z',
    targets: Object.fromEntries(entries),
  };
}

async function chosen(targets: Targets, install = installId): Promise<number | string> {
  try {
    return (await chooseRelease(targets, { ...question, installId: install })).sequence;
  } catch (error) {
    return isNearsideError(error) ? error.code : String(error);
  }
}

test('a version is not a candidate without one runtime, and every feature, that it requires', async () => {
  const requires = (names: object) => ({ requires: { format: 1, ...names } });
  const targets = targetsOf(
    {},
    requires({ runtime: ['onnx', 'jax'] }),
    requires({ runtime: ['jax'] }),
    requires({ features: ['telepathy'] }),
  );
  expect(await chosen(targets)).toBe(2);
  const above = unsupportedReleases(targets, { model: 'digits', support, above: 2 });
  expect(above.map(({ sequence }) => sequence)).toEqual([4, 3]);
});

test('a shadow serves nowhere, and is out until all are offered a newer version', async () => {
  const all = { salt: 's', fromBps: 0, toBps: 10_000 };
  const shadow = { state: 'shadow', rollout: all } as const;
  const out = (targets: Targets) => shadowOnOffer(releasesOf(targets, 'digits'))?.sequence;
  expect(await chosen(targetsOf({}, shadow))).toBe(1);
  expect(out(targetsOf({}, shadow))).toBe(2);
  expect(out(targetsOf({}, shadow, shadow))).toBe(3);
  expect(out(targetsOf({}, shadow, {}))).toBeUndefined();
  expect(out(targetsOf({}, shadow, { state: 'canary', rollout: all }))).toBeUndefined();
});

test('a sequence that is listed twice is refused by name, and neither of the two is found', async () => {
  const revoked = { sequence: 2, version: '1.2.1', state: 'revoked' } as const;
  const targets = targetsOf({}, {}, revoked);
  expect(() => releasesOf(targets, 'digits')).toThrow(
    "each sequence of 'digits' once, got 2 of 1.oms.json and of 2.oms.json",
  );
  expect(await chosen(targets)).toBe('metadata-malformed');
  expect(findRelease(targets, { model: 'digits', sequence: 2 })).toBeUndefined();
  expect(findRelease(targets, { model: 'digits', sequence: 1 })?.version).toBe('1.1.0');
  const ofTwoModels = targetsOf({}, { model: 'faces', sequence: 1 });
  expect(releasesOf(ofTwoModels, 'digits')).toHaveLength(1);
});

test('a release of a format to come is passed over and told, whatever else it says', async () => {
  const future = { requires: { format: 99, runtime: 7 }, state: 'paused', rollout: 'all' };
  const targets = targetsOf({}, future as never);
  expect(await chosen(targets)).toBe(1);
  const above = unsupportedReleases(targets, { model: 'digits', support, above: 1 });
  expect(above.map(({ version }) => version)).toEqual(['1.2.0']);
});

test('what a release says of its health, in whatever form, is nothing that a device looks at', async () => {
  for (const health of [{ 'failed-runs-bps': 50 }, { gates: [{ to: 'come' }] }, 'well']) {
    expect(await chosen(targetsOf({}, { health }))).toBe(2);
  }
});

test('a version that failed here is not chosen again', async () => {
  const targets = targetsOf({}, {});
  const release = await chooseRelease(targets, { ...question, failed: new Set([2]) });
  expect(release.sequence).toBe(1);
});

test('when the running version is revoked, its signed fallback is preferred', async () => {
  const targets = targetsOf({}, {}, { state: 'revoked', fallbackSequence: 1 });
  expect((await chooseRelease(targets, { ...question, from: 3 })).sequence).toBe(1);
  expect((await chooseRelease(targets, question)).sequence).toBe(2);
  const revokedToo = targetsOf(
    {},
    {},
    { state: 'revoked' },
    { state: 'revoked', fallbackSequence: 3 },
  );
  expect((await chooseRelease(revokedToo, { ...question, from: 4 })).sequence).toBe(2);
});

test('when the running version is revoked, one that was published after it comes before its fallback', async () => {
  const targets = targetsOf({}, { state: 'revoked', fallbackSequence: 1 }, {});
  expect((await chooseRelease(targets, { ...question, from: 2 })).sequence).toBe(3);
  const failed = new Set([3]);
  expect((await chooseRelease(targets, { ...question, from: 2, failed })).sequence).toBe(1);
});

describe('the bucket of an install', () => {
  // int.from_bytes(hashlib.sha256(salt + b'\0' + install_id).digest()[:6], 'big') % 10000
  test.each([
    ['canary-2', '0123456789abcdef0123456789abcdef', 4347],
    ['', '0'.repeat(32), 18],
    ['sält', '', 5230],
    ['digits-1.1.0', 'f'.repeat(32), 4312],
  ])('with salt %j of %j is what python hashlib says', async (salt, id, bucket) => {
    expect(await rolloutBucket(salt, id)).toBe(bucket);
  });

  test('is spread evenly: one install in twenty is in the first 500', async () => {
    const ids = Array.from({ length: 2000 }, (_, i) => i.toString(16).padStart(32, '0'));
    const buckets = await Promise.all(ids.map((id) => rolloutBucket('salt', id)));
    const share = buckets.filter((bucket) => bucket < 500).length / ids.length;
    // 2,000 draws at 5 %: standard deviation 0.49 %, so four of them on each side.
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.07);
  });
});

describe('the version a device runs', () => {
  test('is the highest sequence, in whatever order targets list it', async () => {
    expect(await chosen(targetsOf({ sequence: 2 }, { sequence: 10 }, { sequence: 9 }))).toBe(10);
  });

  test('is not a revoked one', async () => {
    expect(await chosen(targetsOf({}, { state: 'revoked' }))).toBe(1);
    expect(await chosen(targetsOf({ state: 'revoked' }))).toBe('version-revoked');
  });

  test('is not one that needs a newer library', async () => {
    const newer = { requires: { format: SPEC_FORMAT + 1 } };
    expect(await chosen(targetsOf({}, newer))).toBe(1);
    expect(await chosen(targetsOf(newer))).toBe('version-unsupported');
  });

  test('is a canary exactly for fromBps ≤ bucket < toBps', async () => {
    const bucket = 4347; // of this install under this salt, above
    const canary = (fromBps: number, toBps: number) =>
      targetsOf({}, { state: 'canary', rollout: { salt: 'canary-2', fromBps, toBps } });
    expect(await chosen(canary(bucket, bucket + 1))).toBe(2);
    expect(await chosen(canary(0, bucket))).toBe(1);
    expect(await chosen(canary(bucket + 1, 10_000))).toBe(1);
    expect(await chosen(canary(0, 10_000))).toBe(2);
    expect(await chosen(canary(0, 0))).toBe(1);
  });

  test('is none while every version is rolled out to others', async () => {
    const rollout = { salt: 'canary-2', fromBps: 0, toBps: 0 };
    expect(await chosen(targetsOf({ state: 'canary', rollout }))).toBe('no-version');
  });

  test('never depends on other models, nor on targets that are no models', async () => {
    const targets = targetsOf({}, { model: 'other', sequence: 99 });
    targets.targets['notes.txt'] = { length: 1, hashes: { sha256: 'b'.repeat(64) } };
    expect(await chosen(targets)).toBe(1);
    expect(releasesOf(targets, 'other').map(({ sequence }) => sequence)).toEqual([99]);
  });

  test('of a model that is not there is a coded error that names those that are', async () => {
    const targets = targetsOf({ model: 'b' }, { model: 'a' });
    await expect(chooseRelease(targets, question)).rejects.toMatchObject({
      code: 'model-not-found',
      details: { offered: ['a', 'b'] },
    });
  });

  test('arms with disjoint ranges of one salt get each install once', async () => {
    const arm = (sequence: number, fromBps: number, toBps: number) => ({
      sequence,
      rollout: { salt: 's', fromBps, toBps },
    });
    const targets = targetsOf(arm(1, 0, 3000), arm(2, 3000, 7000), arm(3, 7000, 10_000));
    await fc.assert(
      fc.asyncProperty(fc.uuid(), async (id) => {
        const bucket = await rolloutBucket('s', id);
        expect(await chosen(targets, id)).toBe(bucket < 3000 ? 1 : bucket < 7000 ? 2 : 3);
      }),
    );
  });
});

test('a release whose custom is malformed is a coded error', () => {
  const targets = targetsOf({ state: 'retired' as never });
  expect(() => releasesOf(targets, 'digits')).toThrowError(
    expect.objectContaining({ code: 'metadata-malformed' }),
  );
});
