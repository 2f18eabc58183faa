import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isNearsideError } from '@nearside/core';
import { describe, expect, test, vi } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { draft } from '../library/draft.js';
import { fillGolden } from '../library/fill-golden.js';
import { inspect } from '../library/inspect.js';
import { pack } from '../library/pack.js';
import { prune } from '../library/prune.js';
import { publish } from '../library/publish.js';
import { renew } from '../library/renew.js';
import { verify } from '../library/verify.js';
import { fixture } from '../testing/fixtures.js';
import { writeHuggingFaceFolder } from '../testing/hugging-face-folder.js';
import { openWorkspace, temporaryDirectory } from '../testing/workspace.js';

// Many commands each: seconds, and more where other suites run beside.
vi.setConfig({ testTimeout: 120_000 });

/** A command that has not come to its end by then waits, ms: each takes less than a second. */
const WAITS_MS = 20_000;

/** How a command ends with a FIFO at this path: `done`, or the code of its failure. */
async function outcome(path: string, command: () => Promise<unknown>): Promise<string> {
  await rm(path, { recursive: true, force: true });
  execFileSync('mkfifo', [path]);
  const ended = new AbortController();
  const ending = command()
    .then(
      () => 'done',
      (error) => (isNearsideError(error) ? error.code : String(error)),
    )
    .finally(() => ended.abort());
  const waiting = delay(WAITS_MS, 'waits', { signal: ended.signal }).catch(() => ending);
  const how = await Promise.race([ending, waiting]);
  if (how === 'waits') await letGo(path);
  await rm(path, { force: true });
  return how;
}

/** Whoever reads from it comes to its end. */
async function letGo(path: string): Promise<void> {
  await (await open(path, constants.O_RDWR | constants.O_NONBLOCK)).close();
}

/** How a command ends with each file of a directory replaced by a FIFO, in a copy of its own. */
async function outcomes(
  directory: string,
  command: (copy: string) => Promise<unknown>,
  { also = [] }: { also?: readonly string[] } = {},
): Promise<Record<string, string>> {
  const place = await temporaryDirectory();
  const ends: Record<string, string> = {};
  for (const [i, name] of [...((await listFiles(directory)) ?? []), ...also].entries()) {
    const copy = join(place, String(i));
    await cp(directory, copy, { recursive: true });
    ends[name] = await outcome(join(copy, name), () => command(copy));
  }
  return ends;
}

describe('no command waits for a FIFO in place of', () => {
  test('a file of a model directory', async () => {
    const workspace = await openWorkspace();
    const { source } = await workspace.packed();
    await rm(join(source, 'train'), { recursive: true });
    const ends = await outcomes(source, (modelDirectory) =>
      pack({ modelDirectory, out: `${modelDirectory}-out` }),
    );
    expect(new Set(Object.values(ends))).toEqual(new Set(['file-missing']));
  });

  test('a file of what pack wrote before', async () => {
    const workspace = await openWorkspace();
    const { source, packed } = await workspace.packed();
    const again = await outcomes(packed, (out) => pack({ modelDirectory: source, out }));
    expect(again['layout.json']).toBe('output-exists');
    expect(Object.values(again)).not.toContain('waits');
    const { repository, keys } = workspace;
    const ends = await outcomes(packed, (copy) => publish({ packed: copy, repository, keys }));
    expect(new Set(Object.values(ends))).toEqual(new Set(['file-missing']));
  });

  test('a key', async () => {
    const { keys, packed } = await openWorkspace();
    const version = await packed();
    const ends = await outcomes(
      keys,
      async (copy) =>
        publish({ packed: version.packed, repository: join(copy, 'repository'), keys: copy }),
      { also: ['roles.json'] },
    );
    expect(new Set(Object.values(ends))).toEqual(new Set(['file-missing']));
  });

  test('a file of a repository, or of one that is to be written', async () => {
    const workspace = await openWorkspace();
    const { pin: trust } = await workspace.release();
    const { keys } = workspace;
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
    const written = {
      also: [
        '.lock',
        'metadata/2.root.json',
        'metadata/2.targets.json',
        'metadata/2.snapshot.json',
      ],
    };
    const commands = {
      publish: (repository: string) => publish({ packed, repository, keys }),
      renew: (repository: string) => renew({ repository, keys }),
      prune: (repository: string) => prune({ repository, olderThanMs: 0 }),
      inspect: (repository: string) => inspect({ repository }),
      verify: (repository: string) => verify({ repository, trust }),
    };
    const refused: Record<string, string> = {};
    for (const [name, command] of Object.entries(commands)) {
      const ends = await outcomes(workspace.repository, command, written);
      expect(Object.values(ends), name).not.toContain('waits');
      for (const path of ['.lock', 'boot/tiny.json', 'metadata/timestamp.json']) {
        refused[`${name}: ${path}`] = ends[path] as string;
      }
    }
    expect(refused).toMatchObject({
      'publish: .lock': 'repository-locked',
      'publish: boot/tiny.json': 'output-exists',
      'publish: metadata/timestamp.json': 'file-missing',
      'prune: .lock': 'repository-locked',
      'inspect: metadata/timestamp.json': 'file-missing',
    });
  });

  test('a file of a model that is drafted, or of an earlier draft', async () => {
    const folder = join(await temporaryDirectory(), 'folder');
    await writeHuggingFaceFolder(folder);
    for (const source of [fixture('external'), folder]) {
      const ends = await outcomes(source, (copy) => draft({ source: copy, out: `${copy}-out` }));
      expect(Object.values(ends), source).not.toContain('waits');
    }
    const out = join(await temporaryDirectory(), 'draft');
    await draft({ source: fixture('affine.onnx'), out });
    const other = { source: fixture('affine.onnx'), version: '2.0.0' };
    const ends = await outcomes(out, (copy) => draft({ ...other, out: copy }));
    expect(ends['draft.json']).toBe('output-exists');
    expect(ends['MODEL.md']).toBe('output-exists');
    const filled = await outcomes(out, (directory) => fillGolden({ directory, python: 'false' }));
    expect(filled['onnx/affine.onnx']).toBe('file-missing');
    for (const each of [ends, filled]) expect(Object.values(each)).not.toContain('waits');
  });
});
