import {
  MODEL_KEYS_FIELD,
  type Root,
  type Snapshot,
  type TargetFile,
  type Targets,
  type Timestamp,
} from '@nearside/artifact';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import { sha256Hex } from '../sha256-hex.js';
import type { OmsSigner } from '../signing/oms-signer.js';
import type { TufSigner } from '../signing/tuf-signer.js';
import { expiryOf } from './lifetimes.js';

/** The TUF specification that the metadata follows. */
const SPEC_VERSION = '1.0.31';

function header<Role extends TufRole>(role: Role, version: number, nowMs: number) {
  return { _type: role, spec_version: SPEC_VERSION, version, expires: expiryOf(role, nowMs) };
}

/** The first root: one key per role, and the key that may sign models. */
export function firstRoot(
  signers: Readonly<Record<TufRole, TufSigner>> & { readonly model: OmsSigner },
  nowMs: number,
): Root {
  const role = (name: TufRole) => ({ keyids: [signers[name].keyId], threshold: 1 });
  return {
    ...header('root', 1, nowMs),
    consistent_snapshot: true,
    keys: Object.fromEntries(TUF_ROLES.map((name) => [signers[name].keyId, signers[name].key])),
    roles: {
      root: role('root'),
      targets: role('targets'),
      snapshot: role('snapshot'),
      timestamp: role('timestamp'),
    },
    [MODEL_KEYS_FIELD]: { [signers.model.hint]: signers.model.publicKeyPem },
  };
}

export function nextTargets(
  before: Targets | undefined,
  added: Readonly<Record<string, TargetFile>>,
  nowMs: number,
): Targets {
  return {
    ...header('targets', (before?.version ?? 0) + 1, nowMs),
    targets: { ...before?.targets, ...added },
  };
}

export function nextSnapshot(
  before: Snapshot | undefined,
  targets: MetadataFile,
  nowMs: number,
): Snapshot {
  return {
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

/** A signed file and the version it says it is. */
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
