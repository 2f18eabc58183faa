import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDebianTools } from './debian-tools.mjs';
import { judge } from './judge.mjs';

// What needs nothing installed: tuf-js and @sigstore/verify, and openssl, which is everywhere.
// `npm run conformance` asks cosign and python-tuf too.
const workDirectory = await mkdtemp(join(tmpdir(), 'nearside-conformance-'));
const debianTools = findDebianTools().filter(({ name }) => name === 'openssl');
const { rows } = await judge({ workDirectory, debianTools });
await rm(workDirectory, { recursive: true, force: true });

const titled = rows.map(({ name, group, expected, cells }) => {
  return [`${group}: ${name}: is ${expected}ed`, cells] as const;
});

describe('by our device and by every tool that can see it', () => {
  test.each(titled)('%s', (_, cells) => {
    const failures = Object.entries(cells).filter(([, { ok }]) => !ok);
    expect(Object.fromEntries(failures)).toEqual({});
  });
});
