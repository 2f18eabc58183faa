import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeBytesBeside, LEAST_FREE_BYTES } from '../store/disk-room.js';
import { createReadiness } from './readiness.js';

const fine = {
  write: () => Promise.resolve(),
  freeBytes: async (): Promise<number | undefined> => LEAST_FREE_BYTES,
};

test('a collector is ready when it can write and has disk left; a store of another schema is not opened', async () => {
  expect(await createReadiness(fine)()).toEqual({
    status: 'ready',
    checks: { writable: 'ok', disk: 'ok', migrated: 'ok' },
  });
});

test.each([
  ['writable', { write: () => Promise.reject(new Error('read-only')) }],
  ['disk', { freeBytes: async () => LEAST_FREE_BYTES - 1 }],
  ['disk', { freeBytes: () => Promise.reject(new Error('gone')) }],
])('it is not ready where it fails to be %s, and the answer says so', async (check, change) => {
  const { status, checks } = await createReadiness({ ...fine, ...change })();
  expect(status).toBe('not-ready');
  expect(Object.entries(checks).filter(([, word]) => word === 'failed')).toEqual([
    [check, 'failed'],
  ]);
});

test('who asks often does not make it write often', async () => {
  let writes = 0;
  let nowMs = 0;
  const write = async () => {
    writes += 1;
  };
  const readiness = createReadiness({ ...fine, write, now: () => nowMs });
  await Promise.all([readiness(), readiness()]);
  nowMs = 999;
  await readiness();
  expect(writes).toBe(1);
  nowMs = 1_000;
  await readiness();
  expect(writes).toBe(2);
});

test('a store in memory needs no disk, and one on disk is measured where it lies', () => {
  expect(freeBytesBeside(':memory:')).toBeUndefined();
  expect(freeBytesBeside('package.json')).toBeGreaterThan(0);
});

test.skipIf(process.platform !== 'linux')(
  'a file behind a link is measured on the disk that it is on',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nearside-link-'));
    const link = join(folder, 'collector.db');
    await symlink('/proc/version', link);
    expect(freeBytesBeside(link)).toBe(0);
    await rm(folder, { recursive: true });
  },
);
