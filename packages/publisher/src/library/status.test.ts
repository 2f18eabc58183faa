import { describe, expect, test } from 'vitest';
import { openWorkspace } from '../testing/workspace.js';
import { serveRepository } from './serve-repository.js';
import { status } from './status.js';

const DAY_MS = 86_400_000;

async function published() {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  const nowMs = Date.now();
  const after = (days: number) =>
    status({ ...workspace, trust: pin, now: () => nowMs + days * DAY_MS });
  return { workspace, pin, after };
}

describe('the status of a repository', () => {
  test('is fine right after publishing', async () => {
    const { after } = await published();
    const { expiring, roles } = await after(0);
    expect(expiring).toBe(false);
    expect(roles.map(({ role, version, state }) => [role, version, state])).toEqual([
      ['root', 1, 'valid'],
      ['targets', 1, 'valid'],
      ['snapshot', 1, 'valid'],
      ['timestamp', 1, 'valid'],
    ]);
    for (const { lifetimeLeft, threshold, keyIds } of roles) {
      expect(lifetimeLeft).toBeGreaterThan(0.99);
      expect([threshold, keyIds.length]).toEqual([1, 1]);
    }
  });

  test.each([
    [10.4, 'valid', false],
    [10.6, 'expiring', true],
    [14.1, 'expired', true],
  ])('after %d of 14 days the timestamp is %s', async (days, state, expiring) => {
    const { after } = await published();
    const found = await after(days);
    expect(found.expiring).toBe(expiring);
    expect(found.roles.find(({ role }) => role === 'timestamp')?.state).toBe(state);
  });

  test.each([
    [-0.9, 'valid'],
    [-1.1, 'too-long'],
  ])('seen %d days after publishing the timestamp is %s', async (days, state) => {
    const { after } = await published();
    const { roles, expiring, tooLong } = await after(days);
    expect(roles.find(({ role }) => role === 'timestamp')?.state).toBe(state);
    expect([expiring, tooLong]).toEqual([false, state === 'too-long']);
  });

  test('is the same over HTTP', async () => {
    const { workspace, pin } = await published();
    await using server = await serveRepository({ dir: workspace.repository, port: 0 });
    const now = () => 0;
    const overHttp = await status({ repository: server.url, trust: pin, now });
    expect(overHttp).toEqual(await status({ ...workspace, now }));
  });

  test('is that of the pinned repository alone', async () => {
    const { workspace } = await published();
    const trust = (await published()).pin;
    await expect(status({ ...workspace, trust })).rejects.toMatchObject({ code: 'pin-mismatch' });
    await expect(status({ ...workspace, trust: 'sha256-no' })).rejects.toThrow(TypeError);
  });
});
