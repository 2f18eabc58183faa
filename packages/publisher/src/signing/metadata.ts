import type { Snapshot, Targets, Timestamp } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import type { TufRole } from '../keys/key-files.js';
import { expiryOf } from './lifetimes.js';

/** The TUF specification that the metadata follows. */
const SPEC_VERSION = '1.0.31';

/** Fields that every role's metadata begins with. */
export function header<Role extends TufRole>(role: Role, version: number, nowMs: number) {
  return { _type: role, spec_version: SPEC_VERSION, version, expires: expiryOf(role, nowMs) };
}

/** @param change makes the new targets from the present ones; version and expiry are set here */
export function nextTargets(
  before: Targets | undefined,
  change: (targets: Targets) => Targets,
  nowMs: number,
): Targets {
  const next = header('targets', (before?.version ?? 0) + 1, nowMs);
  return { ...change({ ...next, targets: {}, ...before }), ...next };
}

export function nextSnapshot(
  before: Snapshot | undefined,
  targets: MetadataFile,
  nowMs: number,
): Snapshot {
  return {
    ...before,
    ...header('snapshot', (before?.version ?? 0) + 1, nowMs),
    meta: { ...before?.meta, 'targets.json': describe(targets) },
  };
}

export function nextTimestamp(
  before: Timestamp | undefined,
  snapshot: MetadataFile,
  nowMs: number,
): Timestamp {
  return {
    ...header('timestamp', (before?.version ?? 0) + 1, nowMs),
    meta: { 'snapshot.json': describe(snapshot) },
  };
}

/** A signed file and its version. */
export interface MetadataFile {
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function describe({ version, bytes }: MetadataFile) {
  return { version, ...describeBytes(bytes) };
}

/** Length and hash of a file, as the metadata that names it gives them. */
export function describeBytes(bytes: Uint8Array): {
  length: number;
  hashes: { sha256: string };
} {
  return { length: bytes.length, hashes: { sha256: sha256Hex(bytes) } };
}
