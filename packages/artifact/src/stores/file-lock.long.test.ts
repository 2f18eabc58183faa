import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { openPlace, takeWatching } from '../testing/lock-place.js';
import type { LockProcessOptions } from '../testing/lock-process.js';
import { takeFileLock } from './file-lock.js';

// Processes of their own: a second or two, and more where other suites run beside.
vi.setConfig({ testTimeout: 60_000 });

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
