import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { storeAt, storeOf } from './store-at.js';
import { sampleContribution } from './testing/sample-report.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const folder = temporaryFolder();

test('a store is opened by its path, and read by its address while it is open', async () => {
  const file = join(folder, 'with a space.sqlite');
  const store = await storeAt(file).open();
  await store.add([sampleContribution()]);
  await store.settle();
  const { address } = storeAt(file);
  expect(address).toBe(pathToFileURL(file).href);
  const reads = await storeAt(address ?? '').openReads();
  expect(await reads.models()).toEqual(await store.models());
  await store.close();
});

test('a store in memory has no address', () => {
  expect(storeAt(':memory:').address).toBeUndefined();
});

test.each([
  ['mysql://fleet:secret@db.example/reports', 'an address that begins with mysql://.'],
  ['file://secret.sqlite', 'an address that begins with file://.'],
])('%s keeps a collector from starting, and what it says holds no secret', (address, got) => {
  const error = errorOf(address);
  expect(error).toMatchObject({ name: 'StartError', code: 'option-invalid' });
  expect(String(error)).toMatch(/expected the path of an SQLite file.*Name a file/);
  expect(String(error)).toContain(got);
  expect(String(error)).not.toContain('secret');
});

test.each([
  ['a password with a slash', 'postgres://fleet:secret/1@db.example/reports'],
  ['a password with a question mark', 'postgres://fleet:12?secret@db.example/reports'],
  ['a password with a hash', 'postgres://fleet:12#secret@db.example/reports'],
  ['a port that is no number', 'postgres://fleet:secret@db.example:secret/reports'],
  ['a wish for a standby', 'postgres://fleet:secret@db.example/r?target_session_attrs=standby'],
])(
  '%s keeps a collector from starting, and what it says holds nothing of the address',
  (_what, address) => {
    const error = errorOf(address);
    expect(error).toMatchObject({ name: 'StartError', code: 'option-invalid' });
    expect(String(error)).toMatch(/^StartError: expected postgres:\/\/user:password@host/);
    expect(String(error)).not.toMatch(/secret|fleet|example/);
  },
);

test.each([
  'postgres://fleet:s%40cret@db.example/reports',
  'postgresql://fleet@a.example:5432,b.example:5433/reports?target_session_attrs=read-write',
  'postgres://fleet@[::1]:5432/reports?sslmode=verify-full',
  'postgres:///reports?host=/var/run/postgresql',
])('%s is an address of a database, and is named without its user', (address) => {
  const { address: opened, named } = storeAt(address);
  expect(opened).toBe(address);
  expect(JSON.stringify(named)).not.toMatch(/fleet|cret/);
});

test.each([
  ['none', {}, 'got none'],
  ['both', { file: 'a.sqlite', database: 'postgres://fleet:secret@db.example/r' }, 'got both'],
  ['a database as its file', { file: 'postgres://fleet:secret@db.example/r' }, 'as the database'],
  ['a file as its database', { database: 'secret.sqlite' }, 'as the file'],
])('a collector that is given %s does not start', (_what, choice, words) => {
  expect(() => storeOf(choice)).toThrow(words);
  expect(() => storeOf(choice)).not.toThrow('secret');
});

function errorOf(address: string): unknown {
  try {
    storeAt(address);
  } catch (error) {
    return error;
  }
  return undefined;
}
