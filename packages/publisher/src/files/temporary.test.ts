import { spawnSync } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryDirectory } from '../testing/workspace.js';
import { listFiles } from './list-files.js';
import { replaceFile } from './replace-file.js';
import { openTemporary, unfinishedBeside } from './temporary.js';

/** A process that has ended, whose number nobody has yet. */
const ENDED = spawnSync(process.execPath, ['-e', '']).pid;

/** Names as processes that were killed gave them, made of one of this process. */
async function namesOfOthers(name: string) {
  const [, before = '', started = '', machine = '', after = ''] =
    /^(.*?)\d+-([0-9a-z]+)-([0-9a-f]{8})(.*)$/.exec(name) ?? [];
  const named = (pid: number, start: string, where: string) =>
    `${before}${pid}-${start}-${where}${after}`;
  return {
    ended: named(ENDED, started, machine),
    numberUsedAgain: named(process.pid, '1', machine),
    elsewhere: named(ENDED, started, '00000000'),
    running: name,
  };
}

test('an unfinished file of a process that has ended goes with the next write beside it; others stay, and none is listed', async () => {
  const [first, second] = [await temporaryDirectory(), await temporaryDirectory()];
  await using mine = await unfinishedBeside(join(first, 'model.onnx'));
  const names = await namesOfOthers(basename(mine.path));
  for (const name of Object.values(names)) await writeFile(join(second, name), 'half of it');
  expect(await listFiles(second)).toEqual([]);
  await replaceFile(join(second, 'model.onnx'), (path) => writeFile(path, 'whole'));
  expect(await readdir(second)).toEqual([names.running, names.elsewhere, 'model.onnx'].sort());
  expect(await listFiles(second)).toEqual(['model.onnx']);
  expect(await listFiles(second, { unfinished: true })).toHaveLength(3);
});

test('a temporary directory of a process that has ended goes when the next is made; others, and what is no directory, stay', async () => {
  const [first, second] = [await temporaryDirectory(), await temporaryDirectory()];
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('TMPDIR', first);
  await using mine = await openTemporary('staged');
  const names = await namesOfOthers(basename(mine.directory));
  for (const name of Object.values(names))
    await mkdir(join(second, name, 'golden'), { recursive: true });
  const link = names.ended.replace('staged', 'draft');
  await symlink(mine.directory, join(second, link));
  vi.stubEnv('TMPDIR', second);
  await using next = await openTemporary('staged');
  const kept = [names.running, names.elsewhere, link, basename(next.directory)];
  expect(await readdir(second)).toEqual(kept.sort());
});

test('what two write at once is the one or the other, whole', async () => {
  const file = join(await temporaryDirectory(), 'layout.json');
  const texts = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
  await Promise.all(texts.map((text) => replaceFile(file, (path) => writeFile(path, text))));
  expect(await readdir(join(file, '..'))).toEqual(['layout.json']);
});

test('a name that is as long as a file system takes has an unfinished file too', async () => {
  const file = join(await temporaryDirectory(), 'ü'.repeat(127));
  await replaceFile(file, (path) => writeFile(path, ''));
  expect(await listFiles(join(file, '..'))).toEqual([basename(file)]);
});
