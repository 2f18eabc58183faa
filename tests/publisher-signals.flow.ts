import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
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
  const child = spawn(process.execPath, [CLI, ...COMMANDS.seal], {
    ...{ cwd: dir, stdio: 'ignore' },
    env: { ...process.env, TMPDIR: `${dir}/tmp` },
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await readdir(`${dir}/tmp`)).toEqual([]);
  expect(existsSync(`${dir}/public/digits/nearside.json`)).toBe(true);
});
