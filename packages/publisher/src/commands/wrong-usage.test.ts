import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { runNearside } from '../testing/run-nearside.js';
import { openWorkspace, temporaryDirectory } from '../testing/workspace.js';

const nearside = (words: readonly string[]) => runNearside(words);

describe('wrong usage exits 2 and names the flag', () => {
  test.each([
    ['--count', ['--count', '2']],
    ['--role', ['--threshold', '2']],
    ['--threshold', ['--role', 'root', '--threshold', '2']],
    ['--count', ['--role', 'root', '--threshold', '2']],
    ['--threshold', ['--role', 'model', '--threshold', '1']],
  ])('%s of keygen %j, which leaves no directory behind', async (flag, flags) => {
    const out = join(await temporaryDirectory(), 'keys');
    const { exitCode, errors } = await nearside(['keygen', '--out', out, ...flags]);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^nearside: usage: [^\n]+$/);
    expect(errors).toContain(`\`${flag}\``);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ['--name', ['--name', '../x']],
    ['--version', ['--version', 'next']],
    ['--name', ['--name', 'other']],
  ])('%s of pack %j', async (flag, flags) => {
    const out = join(await temporaryDirectory(), 'packed');
    const { exitCode, errors } = await nearside(['pack', DIGITS, '--out', out, ...flags]);
    expect(exitCode).toBe(2);
    expect(errors).toContain(flag);
  });

  test('--trust and --remove-key', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { repository, keys } = workspace;
    const site = ['--repo', repository, '--keys', keys];
    for (const [flag, words] of [
      ['`--trust`', ['status', repository, '--trust', 'nope']],
      ['`--trust`', ['verify', repository, '--trust', 'nope']],
      ['`--remove-key`', ['rotate-root', ...site, '--remove-key', 'zz']],
    ] as const) {
      const { exitCode, errors } = await nearside(words);
      expect(exitCode).toBe(2);
      expect(errors).toContain(flag);
    }
  });
});

test.each([
  [
    'a file of one’s own after try is told how it is sealed and served',
    ['try', 'my.onnx'],
    'nearside: usage: `try` serves a model that it brings along. Yours: `nearside seal my.onnx --out public/models/mine`, then `nearside serve public/models`. `--help` tells what a command takes.',
  ],
  [
    'a command that there is not is told where the commands are listed',
    ['frobnicate'],
    "nearside: usage: unknown command 'frobnicate'. `--help` lists the commands.",
  ],
])('%s', async (_, words, said) => {
  expect(await nearside(words)).toMatchObject({ exitCode: 2, errors: said });
});

test('a folder that is no repository is perhaps one with sealed models, of which inspect takes one', async () => {
  const { exitCode, errors } = await nearside(['inspect', await temporaryDirectory()]);
  expect(exitCode).toBe(1);
  expect(errors).toContain('`nearside publish --repo` wrote, or its URL. Of a sealed model');
});

test('sign-root names the file that it was given, not the kind that it should be', async () => {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  const file = join(workspace.directory, 'tiny-1.0.0', 'model.json');
  const words = ['sign-root', file, '--repo', workspace.repository, '--trust', pin];
  const { exitCode, errors } = await nearside([...words, '--keys', workspace.keys]);
  expect(exitCode).toBe(1);
  expect(errors).toContain(`nearside: metadata-malformed: ${file}`);
});

test('an address that nobody answers at is asked for, not for headers of pages alone', async () => {
  const { exitCode, errors } = await nearside(['inspect', 'http://127.0.0.1:9']);
  expect(exitCode).toBe(1);
  expect(errors).toContain('Is it right, and the server up?');
});

test('a word with a line break is refused, because what prints it would have lines of its own', async () => {
  const repo = 'site\nEverything verifies.';
  const { exitCode, out, errors } = await nearside(['publish', DIGITS, '--repo', repo]);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(errors).toBe(
    'nearside: usage: expected words without line breaks, got "site\\nEverything verifies.". `--help` tells what a command takes.',
  );
});
