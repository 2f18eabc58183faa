import { FileNameSchema, NearsideError } from '@nearside/core';
import * as v from 'valibot';

/** Paths inside a repository, as `docs/repository-layout.md` draws them. */

export const TIMESTAMP_PATH = 'metadata/timestamp.json';

export function rootPath(version: number): string {
  return `metadata/${version}.root.json`;
}

export function snapshotPath(version: number): string {
  return `metadata/${version}.snapshot.json`;
}

export function targetsPath(version: number): string {
  return `metadata/${version}.targets.json`;
}

/** A consistent-snapshot target: its hash stands before the name's last part (TUF 1.0, 5.7.3). */
export function targetPath(name: string, sha256: string): string {
  const last = name.lastIndexOf('/') + 1;
  return `targets/${name.slice(0, last)}${sha256}.${name.slice(last)}`;
}

/** The TUF target name of a version's bundle. */
export function bundleName(model: string, version: string): string {
  return `${model}-${version}.oms.json`;
}

/** `.z` holds gzip bytes. Static servers and `fetch` would decode a `.gz` on the way. */
export function chunkPath(sha256: string, { gzip }: { gzip: boolean }): string {
  return `chunks/${sha256}${gzip ? '.z' : ''}`;
}

/** `newer − older` of two chunks, gzip; both by SHA-256. Optional, because the chunk's own hash decides. */
export function deltaPath(sha256: string, fromSha256: string): string {
  return `deltas/${sha256}-${fromSha256}.z`;
}

/** A model's boot file. Optional: it only speeds up a first open. */
export function bootPath(model: string): string {
  return `boot/${model}.json`;
}

/** A seal, in the folder of a sealed model. */
export function sealPath(sha256: string): string {
  return `seals/${sha256}.json`;
}

/** Says which seals there are, in the folder of a sealed model. For people and messages, never trusted. */
export const SEALS_PATH = 'nearside.json';

/**
 * Requires that a name from others stays inside its directory: no `..`, no absolute path, no backslash, no empty
 * part.
 *
 * @throws NearsideError `name-unsafe`
 */
export function requireSafeName(name: string, what: string): void {
  if (v.safeParse(FileNameSchema, name).success) return;
  throw new NearsideError(
    'name-unsafe',
    `${what}: expected safe relative names such as 'int8/model.onnx', got '${name.slice(0, 200)}'.`,
    { details: { what, name: name.slice(0, 200) } },
  );
}
