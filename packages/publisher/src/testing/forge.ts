import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Role,
  rootPath,
  snapshotPath,
  TIMESTAMP_PATH,
  targetPath,
  targetsPath,
} from '@nearside/artifact';
import { readHeldKeys } from '../keys/held-keys.js';
import { KEY_ROLES, type TufRole } from '../keys/key-files.js';
import { describeBytes } from '../signing/metadata.js';
import { createOmsSigner, type OmsSigner } from '../signing/oms-signer.js';
import { createTufSigner, signMetadata, type TufSigner } from '../signing/tuf-signer.js';
import { readFiles } from './story.js';

type Bytes = Uint8Array;
export type RepositoryFiles = ReadonlyMap<string, Bytes>;
/** The `signed` part of any metadata, to be changed freely. */
export interface Signed {
  version: number;
  expires: string;
  meta: Record<string, { version: number; length?: number; hashes?: { sha256: string } }>;
  targets: Record<string, object>;
  keys: Record<string, object>;
  roles: Record<Role, { keyids: string[]; threshold: number }>;
  [field: string]: unknown;
}

type Change = (signed: Signed) => void;

/** All private keys of a publisher, in the wrong hands. */
export interface StolenKeys {
  readonly tuf: Readonly<Record<TufRole, readonly TufSigner[]>>;
  readonly model: OmsSigner;
}

export async function stealKeys(keys: string): Promise<StolenKeys> {
  const held = await readHeldKeys({ keys }, KEY_ROLES);
  const signersOf = (role: TufRole) =>
    held.filter((key) => key.role === role).map(({ key }) => createTufSigner(key));
  const [model] = held.filter(({ role }) => role === 'model');
  if (!model) throw new Error('expected a model key');
  const tuf = {
    root: signersOf('root'),
    targets: signersOf('targets'),
    snapshot: signersOf('snapshot'),
    timestamp: signersOf('timestamp'),
  };
  return { tuf, model: createOmsSigner(model.key) };
}

/** A key that no root names. */
export function strangeKey(): TufSigner {
  return createTufSigner(generateKeyPairSync('ed25519').privateKey);
}

export function strangeModelKey(): OmsSigner {
  return createOmsSigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

export type Forgery = { readonly [role in 'targets' | 'snapshot' | 'timestamp']?: Change };

/**
 * Makes the next generation of metadata. Each is changed as given, described by the role above it, and signed with
 * these keys. Roles below the lowest changed one stay.
 */
export function forge(
  files: RepositoryFiles,
  forgery: Forgery,
  signers: Readonly<Record<TufRole, readonly TufSigner[]>>,
): Map<string, Bytes> {
  const forged = new Map(files);
  const timestamp = signedOf(files, TIMESTAMP_PATH);
  const snapshot = signedOf(files, currentPath(files, 'snapshot'));
  if (forgery.targets) {
    const targets = signedOf(files, currentPath(files, 'targets'));
    targets.version += 1;
    forgery.targets(targets);
    const bytes = signMetadata(targets, signers.targets);
    forged.set(targetsPath(targets.version), bytes);
    snapshot.meta['targets.json'] = { version: targets.version, ...describeBytes(bytes) };
  }
  if (forgery.targets || forgery.snapshot) {
    snapshot.version += 1;
    forgery.snapshot?.(snapshot);
    const bytes = signMetadata(snapshot, signers.snapshot);
    forged.set(snapshotPath(snapshot.version), bytes);
    timestamp.meta['snapshot.json'] = { version: snapshot.version, ...describeBytes(bytes) };
  }
  timestamp.version += 1;
  forgery.timestamp?.(timestamp);
  return forged.set(TIMESTAMP_PATH, signMetadata(timestamp, signers.timestamp));
}

/** Makes a root after the newest, signed with these keys. */
export function forgeRoot(
  files: RepositoryFiles,
  change: Change,
  signers: readonly TufSigner[],
): Map<string, Bytes> {
  const root = signedOf(files, currentPath(files, 'root'));
  const path = rootPath(root.version + 1);
  root.version += 1;
  change(root);
  return new Map(files).set(path, signMetadata(root, signers));
}

/** Makes targets that name any bundle and say anything about it. */
export function forgeRelease(
  files: RepositoryFiles,
  { name, bundle, custom }: { name: string; bundle: Bytes; custom: object },
  { tuf }: StolenKeys,
): Map<string, Bytes> {
  const described = describeBytes(bundle);
  const entry = { [name]: { ...described, custom } };
  const forged = forge(files, { targets: ({ targets }) => Object.assign(targets, entry) }, tuf);
  return forged.set(targetPath(name, described.hashes.sha256), bundle);
}

/** Writes such targets into a repository, as a thief of all online TUF keys, but not of a model key, can. */
export async function forgeTargets(
  { repository, keys }: { repository: string; keys: string },
  forged: Parameters<typeof forgeRelease>[1],
): Promise<void> {
  const files = forgeRelease(await readFiles(repository), forged, await stealKeys(keys));
  for (const [path, bytes] of files) await writeFile(join(repository, path), bytes);
}

export function signedOf(files: RepositoryFiles, path: string): Signed {
  return JSON.parse(textOf(files, path)).signed;
}

/** Changes the text of a file, whatever that does to its signatures. */
export function editText(
  files: RepositoryFiles,
  path: string,
  edit: (text: string) => string,
): Map<string, Bytes> {
  const text = textOf(files, path);
  const edited = edit(text);
  if (edited === text) throw new Error(`${path}: the edit changes nothing`);
  return new Map(files).set(path, new TextEncoder().encode(edited));
}

export function textOf(files: RepositoryFiles, path: string): string {
  const bytes = files.get(path);
  if (!bytes) throw new Error(`${path}: no such file`);
  return new TextDecoder().decode(bytes);
}

/** @returns the path of a role's newest metadata */
export function currentPath(files: RepositoryFiles, role: Role): string {
  if (role === 'timestamp') return TIMESTAMP_PATH;
  const suffix = `.${role}.json`;
  const versions = [...files.keys()]
    .filter((path) => path.endsWith(suffix))
    .map((path) => Number(path.slice('metadata/'.length, -suffix.length)));
  return `metadata/${Math.max(...versions)}${suffix}`;
}
