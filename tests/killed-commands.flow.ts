import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';

const CLI = `${root}packages/publisher/dist/cli.js`;
const MODEL = `${root}models/digits`;

let dir: string;

test.beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-signals-`);
  await mkdir(`${dir}/tmp`);
});
test.afterEach(() => rm(dir, { recursive: true, force: true }));

const KILL_AT_WRITE = new URL('kill-at-write.mjs', import.meta.url).href;

/** Runs a command to its end, or until it is killed before its nth change of a directory. */
async function run(words: readonly string[], { killAt }: { killAt?: number } = {}) {
  const child = spawn(process.execPath, ['--import', KILL_AT_WRITE, CLI, ...words], {
    ...{ cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] },
    env: { ...process.env, TMPDIR: `${dir}/tmp`, KILL_AT: String(killAt ?? -1) },
  });
  const [exitCode] = await once(child, 'exit');
  return exitCode;
}

/** Starts a command, and ends it with this signal once it has a copy of the model. */
async function interrupt(words: readonly string[], signal: NodeJS.Signals) {
  const options = {
    cwd: dir,
    env: { ...process.env, TMPDIR: `${dir}/tmp` },
    stdio: 'ignore',
  } as const;
  const copies = watch(`${dir}/tmp`);
  const copied = once(copies, 'change');
  const child = spawn(process.execPath, [CLI, ...words], options);
  const ended = once(child, 'exit');
  await copied;
  child.kill(signal);
  const [exitCode] = await ended;
  copies.close();
  return { exitCode, left: await readdir(`${dir}/tmp`) };
}

const COMMANDS = {
  pack: ['pack', MODEL, '--out', 'packed'],
  seal: ['seal', MODEL, '--out', 'public/digits'],
  quantize: ['quantize', MODEL, '--out', 'small', '--formats', 'fp16'],
  publish: ['publish', MODEL, '--repo', 'site', '--new-keys'],
  try: ['try', '--port', '0'],
};

for (const [name, words] of Object.entries(COMMANDS)) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${name} that ${signal} ends leaves no copy of the model @long`, async () => {
      const exitCode = 128 + constants.signals[signal];
      expect(await interrupt(words, signal)).toEqual({ exitCode, left: [] });
    });
  }
}

test('what SIGKILL leaves of a model goes with the next command @long', async () => {
  const { left } = await interrupt(COMMANDS.seal, 'SIGKILL');
  expect(left).not.toEqual([]);
  expect(await run(COMMANDS.seal)).toBe(0);
  expect(await readdir(`${dir}/tmp`)).toEqual([]);
  expect(existsSync(`${dir}/public/digits/nearside.json`)).toBe(true);
});

test('publish --new-keys that is killed at any change goes on when it is said again, with the keys that it had made @long', async () => {
  test.setTimeout(900_000); // two publishes for each of some sixty changes
  await run(['pack', MODEL, '--out', 'packed']);
  const words = ['publish', 'packed', '--repo', 'site', '--new-keys'];
  for (let killAt = 0; ; killAt += 1) {
    for (const folder of ['keys', 'site'])
      await rm(`${dir}/${folder}`, { recursive: true, force: true });
    const isKilled = (await run(words, { killAt })) !== 0;
    const made = await filesOf(`${dir}/keys`);
    expect(await run(words), `after change ${killAt}`).toBe(0);
    expect(await filesOf(`${dir}/keys`)).toMatchObject(made);
    expect(await readdir(`${dir}/keys`)).toHaveLength(10);
    if (!isKilled) return expect(killAt).toBeGreaterThan(50);
  }
});

/** Keys by their names, whole ones alone. */
async function filesOf(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory).catch(() => []);
  const keys = names.filter((name) => !name.startsWith('.'));
  const texts = keys.map(async (name) => [name, await readFile(`${directory}/${name}`, 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}
