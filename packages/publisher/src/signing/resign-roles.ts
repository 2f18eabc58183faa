import {
  snapshotPath,
  type Targets,
  TIMESTAMP_PATH,
  type TrustedMetadata,
  targetsPath,
} from '@nearside/artifact';
import type { TufRole } from '../keys/key-files.js';
import type { MetadataVersions } from '../repository/reading/read-repository.js';
import { type MetadataFile, nextSnapshot, nextTargets, nextTimestamp } from './metadata.js';
import type { SignMetadata } from './signers.js';

/** New metadata files, and the version each role has reached with them. */
export interface Generation {
  readonly metadata: MetadataVersions;
  /** Path → bytes, in the order they may appear: a file comes after those it names. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Signs new versions of these roles' metadata, and of the metadata that leads devices to them: snapshot and timestamp
 * after targets, timestamp after snapshot.
 *
 * @param trusted the repository so far; its root alone where nothing has been published
 * @param change makes the new targets from the present ones; version and expiry are set here
 */
export function resignRoles({
  trusted: { root, ...before },
  roles,
  change = (targets) => targets,
  sign,
  nowMs,
}: {
  trusted: TrustedMetadata;
  roles: readonly TufRole[];
  change?: (targets: Targets) => Targets;
  sign: SignMetadata;
  nowMs: number;
}): Generation {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();

  function signed<Signed extends { version: number }>(role: TufRole, metadata: Signed) {
    return { version: metadata.version, bytes: sign(role, metadata), isNew: true };
  }

  const targets = roles.includes('targets')
    ? signed('targets', nextTargets(before.targets?.signed, change, nowMs))
    : fileOf(before.targets);
  if (targets?.isNew) files.set(targetsPath(targets.version), targets.bytes);

  const snapshot =
    targets && (targets.isNew || roles.includes('snapshot'))
      ? signed('snapshot', nextSnapshot(before.snapshot?.signed, targets, nowMs))
      : fileOf(before.snapshot);
  if (snapshot?.isNew) files.set(snapshotPath(snapshot.version), snapshot.bytes);

  const timestamp =
    snapshot && (snapshot.isNew || roles.includes('timestamp'))
      ? signed('timestamp', nextTimestamp(before.timestamp?.signed, snapshot, nowMs))
      : fileOf(before.timestamp);
  if (timestamp?.isNew) files.set(TIMESTAMP_PATH, timestamp.bytes);

  const versionOf = (file: MetadataFile | undefined) => file?.version ?? 0;
  return {
    metadata: {
      root: root.version,
      targets: versionOf(targets),
      snapshot: versionOf(snapshot),
      timestamp: versionOf(timestamp),
    },
    files,
  };
}

function fileOf(
  metadata: { raw: Uint8Array<ArrayBuffer>; signed: { version: number } } | undefined,
) {
  return metadata && { version: metadata.signed.version, bytes: metadata.raw, isNew: false };
}

/**
 * Signs targets with a new or changed entry, and the snapshot and timestamp that lead devices to them.
 *
 * @param trusted the repository so far; its root alone where nothing has been published
 */
export function resignTargets({
  entry,
  ...options
}: {
  trusted: TrustedMetadata;
  entry: Targets['targets'];
  sign: SignMetadata;
  nowMs: number;
}): Generation {
  const change = (targets: Targets) => ({ ...targets, targets: { ...targets.targets, ...entry } });
  return resignRoles({ ...options, roles: ['targets'], change });
}
