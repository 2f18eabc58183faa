import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { promises } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { thisHolder } from '@nearside/core/lock-holder';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openPlace, takeWatching } from '../testing/lock-place.js';
import { takeFileLock } from './file-lock.js';

const OTHER = { token: 'f'.repeat(32), pid: 1, host: 'another', since: '2027-01-01T00:00:00Z' };

/** A lock file of a holder that the test makes up. */
function writeLock(file: string, holder: object): Promise<void> {
  return writeFile(file, JSON.stringify({ ...OTHER, ...holder }));
}

describe('a holder', () => {
  test('whose process is there keeps its lock, however long it is silent', async () => {
    const { file } = await openPlace();
    const release = await takeFileLock(file);
    await utimes(file, 0, 0);
    expect(await takeWatching(file)).toBe('waiting');
    await release();
  });

  test('on another machine keeps its lock while it touches it', async () => {
    const { file } = await openPlace();
    await writeLock(file, {});
    expect(await takeWatching(file, { touches: true })).toBe('waiting');
  });

  test('on another machine that is silent loses it to whom silence suffices', async () => {
    const { file } = await openPlace();
    await writeLock(file, {});
    expect(await takeWatching(file, { takesSilent: false })).toBe('waiting');
    expect(await takeWatching(file)).toBe('taken');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test.each([
    ['empty', ''],
    ['null', 'null'],
    ['with a token that leads elsewhere', JSON.stringify({ ...OTHER, token: '../outside' })],
    ['with no process', JSON.stringify({ ...OTHER, pid: 0 })],
  ])('that nobody can read is as one on another machine: %s', async (_, text) => {
    const { file } = await openPlace();
    await writeFile(file, text);
    expect(await takeWatching(file, { touches: true })).toBe('waiting');
    expect(await takeWatching(file)).toBe('taken');
  });

  test.runIf(process.platform === 'linux')(
    'whose process number another process has now loses it at once',
    async () => {
      const { file } = await openPlace();
      await writeLock(file, { ...thisHolder(), startedMs: 1 });
      const release = await takeFileLock(file);
      await release();
      await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  test.runIf(process.platform === 'linux')(
    'that was killed, and whose parent does not ask after it, loses it at once',
    async () => {
      const { file } = await openPlace();
      // The program that takes the shell's place does not know the shell's child: a zombie stays.
      const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
      onTestFinished(() => {
        parent.kill();
      });
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(line);
      const stat = (of: number | undefined) => readFile(`/proc/${of}/stat`, 'utf8');
      await vi.waitUntil(async () => /\(sleep\)/.test(await stat(parent.pid)));
      process.kill(pid);
      await vi.waitUntil(async () => / Z /.test(await stat(pid)));
      const ticks = (await stat(pid)).split(' ')[21];
      await writeLock(file, { ...thisHolder(), pid, startedMs: Number(ticks) * 10 });
      await (await takeFileLock(file))();
    },
  );
});

/** Lets `link` fail with a code, before or after it has done its work. */
function failingLink(code: string, { isMade }: { isMade: boolean }): void {
  const original = promises.link;
  const replace = (link: typeof original) => {
    promises.link = link;
    syncBuiltinESMExports();
  };
  replace(async (...parameters) => {
    if (isMade) await original(...parameters);
    throw Object.assign(new Error(code), { code });
  });
  onTestFinished(() => replace(original));
}

describe('a file system', () => {
  test('that denies a link which it has made gives the lock all the same', async () => {
    const { file, directory } = await openPlace();
    failingLink('EEXIST', { isMade: true });
    await (await takeFileLock(file))();
    expect(await readdir(directory)).toEqual([]);
  });

  test('without links has locks too', async () => {
    const { file, directory } = await openPlace();
    failingLink('EPERM', { isMade: false });
    let holders = 0;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const release = await takeFileLock(file);
        holders += 1;
        expect(holders).toBe(1);
        await readdir(directory);
        holders -= 1;
        await release();
      }),
    );
    expect(await readdir(directory)).toEqual([]);
  });
});
