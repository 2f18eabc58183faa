import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { listFiles } from '../files/list-files.js';
import type { Publication } from '../library/publish.js';
import type { SyntheticModel } from './synthetic-model.js';
import { openWorkspace, type Workspace } from './workspace.js';

/** A repository as it was after a release. */
export interface Chapter extends Publication {
  readonly source: string;
  readonly packed: string;
  /** Path → bytes, without boot files. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly boot: Uint8Array;
}

/** The life of one repository: 1.0.0 is released, later 1.1.0 with other weights. */
export interface Story {
  readonly workspace: Workspace;
  readonly pin: string;
  readonly first: Chapter;
  readonly second: Chapter;
}

/** Publishes the story once for all tests of a file. */
export async function tellStory(
  prepareKeys: (keys: string) => Promise<unknown> = async () => {},
): Promise<Story> {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-story-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const workspace = await openWorkspace(directory);
  await prepareKeys(workspace.keys);
  const first = await nextChapter(workspace);
  const second = await nextChapter(workspace, { version: '1.1.0', sequence: 2, seed: 2 });
  return { workspace, pin: first.pin, first, second };
}

/** Releases a model and keeps what the repository then is. */
export async function nextChapter(workspace: Workspace, model?: SyntheticModel): Promise<Chapter> {
  const release = await workspace.release(model);
  const files = await readFiles(workspace.repository);
  const boot = files.get(`boot/${release.model}.json`) ?? new Uint8Array();
  const plain = [...files].filter(([path]) => !path.startsWith('boot/'));
  return { ...release, files: new Map(plain), boot };
}

export async function readFiles(repository: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await listFiles(repository)) ?? []) {
    files.set(name, new Uint8Array(await readFile(join(repository, name))));
  }
  return files;
}
