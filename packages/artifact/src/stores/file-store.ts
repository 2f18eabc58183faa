import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import {
  type Decide,
  NearsideError,
  ownFields,
  type Store,
  type StoreChange,
  type StoredValue,
  shareOnce,
} from '@nearside/core';
import { takeFileLock } from './file-lock.js';
import { createLocalLocks } from './local-locks.js';

/** A value file that no index names is left over from a crash if it is this old, ms. */
const ORPHAN_MS = 60 * 60 * 1000;

/** Key → name of the file that holds its value. */
type Index = Record<string, string>;

/**
 * A store in a directory, for Node: one file per value, and an index that is replaced as a whole. So a change over
 * several keys happens entirely or not at all. Several processes may share it.
 */
export function openFileStore(directory: string): Store {
  const indexFile = join(directory, 'index.json');
  const values = join(directory, 'values');
  const local = createLocalLocks();

  const exclusive: Store['exclusive'] = (name, work, options) =>
    local.hold(
      name,
      async () => {
        await prepare();
        const file = join(directory, lockName(name));
        // Nobody can tell that a holder in a replaced container is gone. A stopped process that writes late can only
        // spoil values, which are fetched again.
        const release = await attempt(() => takeFileLock(file, { ...options, takesSilent: true }));
        try {
          return await work();
        } finally {
          await release();
        }
      },
      options,
    );

  const prepare = shareOnce(() =>
    attempt(async () => {
      await mkdir(values, { recursive: true, mode: 0o700 });
      if (!(await lstat(values)).isDirectory()) throw notOurs(values, 'directory');
      await removeOrphans(values, await readIndex(indexFile));
    }),
  );

  async function read(index: Index, key: string): Promise<StoredValue | undefined> {
    const name = Object.hasOwn(index, key) ? index[key] : undefined;
    if (name === undefined) return undefined;
    try {
      const file = join(values, name);
      if (!(await lstat(file)).isFile()) return undefined; // a pipe would never end
      return toPlain(deserialize(await readFile(file)));
    } catch {
      return undefined; // an unreadable value counts as missing and is fetched again
    }
  }

  async function apply(index: Index, change: StoreChange): Promise<void> {
    const { set, delete: removed = [] } = ownFields(change, 1);
    const next = { ...index };
    for (const key of removed) delete next[key];
    for (const [key, value] of set ?? []) {
      next[key] = randomUUID();
      await writeDurably(join(values, next[key]), serialize(value));
    }
    const temporary = `${indexFile}.${randomUUID()}`;
    await writeDurably(temporary, JSON.stringify(next));
    await rename(temporary, indexFile);
    const kept = new Set(Object.values(next));
    for (const name of Object.values(index)) {
      if (!kept.has(name)) await rm(join(values, name), { force: true }).catch(() => {});
    }
  }

  async function transact(keys: readonly string[], decide: Decide): Promise<void> {
    await exclusive('write', () =>
      attempt(async () => {
        const index = await readIndex(indexFile);
        const change = decide(await Promise.all(keys.map((key) => read(index, key))));
        if (change) await apply(index, change);
      }),
    );
  }

  return {
    kind: 'persistent',
    async get(key) {
      await prepare();
      return attempt(async () => read(await readIndex(indexFile), key));
    },
    async keys(prefix) {
      await prepare();
      const index = await attempt(() => readIndex(indexFile));
      return Object.keys(index)
        .filter((key) => key.startsWith(prefix))
        .sort();
    },
    commit: (change) => transact([], () => change),
    transact,
    exclusive,
    async close() {},
  };
}

async function readIndex(file: string): Promise<Index> {
  let text: string;
  try {
    if (!(await lstat(file)).isFile()) throw notOurs(file, 'file'); // a pipe would never end
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return parseIndex(JSON.parse(text));
  } catch {
    return {};
  }
}

/** An index that others have written into must not lead out of the directory. */
function parseIndex(value: unknown): Index {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => isValueName(entry[1])),
  );
}

/** The form that `randomUUID` gives. */
function isValueName(name: unknown): boolean {
  return typeof name === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
}

/** A link could lead anywhere, and files there would be removed as left over. */
function notOurs(path: string, expected: 'directory' | 'file'): NearsideError {
  return new NearsideError(
    'store-unavailable',
    `${path}: expected a ${expected} of the store's own, got a link or something else. Remove it.`,
    { details: { path } },
  );
}

async function removeOrphans(values: string, index: Index): Promise<void> {
  const named = new Set(Object.values(index));
  for (const name of await readdir(values)) {
    if (named.has(name) || !isValueName(name)) continue;
    const { mtimeMs } = await stat(join(values, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ORPHAN_MS) await rm(join(values, name), { force: true });
  }
}

async function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `deserialize` gives a `Buffer` for what was stored as one, and views into its own pool. */
function toPlain(value: unknown): unknown {
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value;
}

function isCloneError(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'DataCloneError';
}

function lockName(name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.lock`;
}

/** Failures of the file system become store codes. Others, such as an abort, stay as they are. */
async function attempt<Value>(operation: () => Promise<Value>): Promise<Value> {
  try {
    return await operation();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause) && !isCloneError(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new NearsideError(
        'quota-exceeded',
        'Expected room on this disk to store the model, got none left.',
        { cause },
      );
    }
    throw new NearsideError(
      'store-unavailable',
      "Expected the store's directory to be readable and writable, got a failure.",
      { cause },
    );
  }
}
