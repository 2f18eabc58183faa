import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { generateKeys } from '../library/generate-keys.js';
import { pack } from '../library/pack.js';
import { type Publication, publish } from '../library/publish.js';
import { type SyntheticModel, writeSyntheticModel } from './synthetic-model.js';

/** A temporary directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-publisher-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A publisher's directory: keys, a repository, and functions that release models into it. */
export interface Workspace {
  readonly directory: string;
  readonly keys: string;
  readonly repository: string;
  packed(model?: SyntheticModel): Promise<{ source: string; packed: string }>;
  release(model?: SyntheticModel): Promise<Publication & { source: string; packed: string }>;
}

/** @param given directory that outlives the test; by default one that is removed after it */
export async function openWorkspace(given?: string): Promise<Workspace> {
  const workspace = workspaceIn(given ?? (await temporaryDirectory()));
  await generateKeys({ out: workspace.keys });
  return workspace;
}

/**
 * Publishes once for all tests of a file, when the first of them asks.
 *
 * @returns the result of `publishAll`, and a workspace that is a copy and is removed after the test. Paths lead to
 *   the original, which must not be changed. All copies have the same keys, and so one pin
 */
export function publishedOnce<Told>(
  publishAll: (workspace: Workspace) => Promise<Told>,
): () => Promise<Told & { readonly workspace: Workspace }> {
  let original: Promise<{ directory: string; told: Told }> | undefined;
  async function publishOriginal() {
    const directory = await mkdtemp(join(tmpdir(), 'nearside-published-'));
    return { directory, told: await publishAll(await openWorkspace(directory)) };
  }
  afterAll(async () => {
    if (original) await rm((await original).directory, { recursive: true, force: true });
  });
  return async () => {
    original ??= publishOriginal();
    const { directory, told } = await original;
    const workspace = workspaceIn(await temporaryDirectory());
    for (const folder of ['keys', 'repository'] as const) {
      await cp(join(directory, folder), workspace[folder], { recursive: true });
    }
    return { ...told, workspace };
  };
}

/** A workspace with everything in one directory. */
function workspaceIn(directory: string): Workspace {
  const keys = join(directory, 'keys');
  const repository = join(directory, 'repository');

  async function packed(model: SyntheticModel = {}) {
    const title = `${model.name ?? 'tiny'}-${model.version ?? '1.0.0'}`;
    const source = await writeSyntheticModel(join(directory, title), model);
    const out = join(directory, `${title}-packed`);
    await pack({ modelDirectory: source, out });
    return { source, packed: out };
  }

  return {
    directory,
    keys,
    repository,
    packed,
    async release(model) {
      const paths = await packed(model);
      return { ...(await publish({ packed: paths.packed, repository, keys })), ...paths };
    },
  };
}
