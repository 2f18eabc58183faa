import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openAuditLog } from './audit-log.js';

const folder = temporaryFolder();
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);

test('each act is a line of JSON with its time, whatever is in it; the file is its owner’s', () => {
  const path = join(folder, 'audit.jsonl');
  const audit = openAuditLog(path, { now, onError: () => {} });
  audit.write('start', { file: 'a\n{"act":"stop"}' });
  audit.write('stop');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at: '2026-01-02T03:04:05.000Z', act: 'start', file: 'a\n{"act":"stop"}' },
    { at: '2026-01-02T03:04:05.000Z', act: 'stop' },
  ]);
  expect(statSync(path).mode & 0o077).toBe(0);
});

test.skipIf(process.platform === 'win32')('a pipe that nobody reads is refused at once', () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  expect(() => openAuditLog(path, { now, onError: () => {} })).toThrow(
    expect.objectContaining({ code: 'file-missing', message: expect.stringContaining(path) }),
  );
});

test('a file that was moved away is begun anew, and one that cannot be written is told and holds nothing up', () => {
  const inner = join(folder, 'moved');
  const path = join(folder, 'rotated.jsonl');
  const errors: unknown[] = [];
  const audit = openAuditLog(path, { now, onError: (error) => errors.push(error) });
  audit.write('prune');
  renameSync(path, inner);
  audit.write('prune');
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1);
  rmSync(path);
  const gone = openAuditLog(path, { now, onError: (error) => errors.push(error) });
  rmSync(folder, { recursive: true });
  gone.write('stop');
  expect(errors).toMatchObject([{ code: 'ENOENT' }]);
});

test('a file that cannot be written at the start keeps a collector from starting', () => {
  const path = join(folder, 'no', 'such', 'folder.jsonl');
  expect(() => openAuditLog(path, { now, onError: () => {} })).toThrow(
    expect.objectContaining({ code: 'file-missing', message: expect.stringContaining(path) }),
  );
});

test('without a path nothing is written', () => {
  expect(() => openAuditLog(undefined, { now, onError: () => {} }).write('start')).not.toThrow();
});
