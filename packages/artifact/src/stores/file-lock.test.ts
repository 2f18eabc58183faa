import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promises, utimesSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { beforeAll, describe, expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import type { LockProcessOptions } from '../testing/lock-process.js';
import { takeFileLock } from './file-lock.js';
import { thisHolder } from './lock-holder.js';

// Processes of their own: a second or two, and more where other suites run beside.
vi.setConfig({ testTimeout: 30_000 });

let bundle: string;

/** So that plain Node runs it. */
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-lock-'));
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: fileURLToPath(new URL('../testing/lock-process.ts', import.meta.url)),
      outDir: directory,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'lock-process.mjs' } },
    },
  });
  bundle = join(directory, 'lock-process.mjs');
  return () => rm(directory, { recursive: true, force: true });
});

async function openPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-lock-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, file: join(directory, 'a.lock'), inside: join(directory, 'inside') };
}

/** @param within starts it, where it is not started plainly */
async function runProcess(options: LockProcessOptions, within: readonly string[] = []) {
  const words = [...within, process.execPath, bundle, JSON.stringify(options)];
  const child = spawn(words[0] as string, words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const [, signal] = await once(child, 'close');
  return { printed: printed.trim(), signal };
}

const OTHER = { token: 'f'.repeat(32), pid: 1, host: 'another', since: '2027-01-01T00:00:00Z' };

/** A lock file of a holder that the test makes up. */
function writeLock(file: string, holder: object): Promise<void> {
  return writeFile(file, JSON.stringify({ ...OTHER, ...holder }));
}

const HOUR_MS = 3_600_000;

/** Waits for a lock while the clock that watches goes fast, as long as it takes or for an hour. */
async function takeWatching(
  file: string,
  { takesSilent = true, touches = false } = {},
): Promise<'taken' | 'waiting'> {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const giveUp = new AbortController();
  const taking = takeFileLock(file, { signal: giveUp.signal, takesSilent }).then(
    () => 'taken' as const,
    () => 'waiting' as const,
  );
  const turns = setInterval(() => {
    vi.advanceTimersByTime(HOUR_MS / 4);
    if (touches) utimesSync(file, performance.now(), performance.now());
    if (performance.now() > HOUR_MS) giveUp.abort();
  }, 100);
  return taking.finally(() => clearInterval(turns));
}

describe('processes of their own', () => {
  test('hold it one at a time, also when some are killed while they hold it', async () => {
    const { file, inside, directory } = await openPlace();
    const runs = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        runProcess({ file, inside, times: 15, dies: i % 2 === 0 }),
      ),
    );
    expect(runs.map(({ printed }) => printed)).toEqual(['', 'done', '', 'done', '', 'done']);
    await (await takeFileLock(file))();
    expect(await readdir(directory)).toEqual(['inside']);
  });

  test('killed at any step of taking it from a killed one leave it to be taken', async () => {
    const { file, inside } = await openPlace();
    for (let killAt = 0; ; killAt += 1) {
      await runProcess({ file, inside, times: 1, dies: true });
      const { signal } = await runProcess({ file, inside, times: 1, killAt });
      expect(await runProcess({ file, inside, times: 1 })).toEqual({
        printed: 'done',
        signal: null,
      });
      if (signal !== 'SIGKILL') return expect(killAt).toBeGreaterThan(8);
    }
  });
});

describe.each([
  ['containers', ['unshare', '--pid', '--fork', '--mount-proc']],
  ['PID namespaces that see the /proc of another', ['unshare', '--pid', '--fork']],
])('processes in %s', (_, within) => {
  /** Where there can be none, the test says why it is skipped. */
  function requireNamespaces(skip: TestContext['skip']): void {
    const words = [...within, 'true'];
    const { status, stderr, error } = spawnSync(words[0] as string, words.slice(1));
    skip(status !== 0, `${within.join(' ')} is refused here: ${error ?? stderr}`);
  }

  test('hold it one at a time', async ({ skip }) => {
    requireNamespaces(skip);
    const { file, inside } = await openPlace();
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => runProcess({ file, inside, times: 15 }, within)),
    );
    expect(runs.map(({ printed }) => printed)).toEqual(['done', 'done', 'done', 'done']);
  });

  test('killed in one of them, keep it until silence is taken for the end', async ({ skip }) => {
    requireNamespaces(skip);
    const { file, inside } = await openPlace();
    expect(await runProcess({ file, inside, times: 1, dies: true }, within)).toMatchObject({
      printed: '',
    });
    expect(await takeWatching(file, { takesSilent: false })).toBe('waiting');
    expect(await takeWatching(file)).toBe('taken');
  });
});

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
      await writeLock(file, { ...(await thisHolder()), startedMs: 1 });
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
      await writeLock(file, { ...(await thisHolder()), pid, startedMs: Number(ticks) * 10 });
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
