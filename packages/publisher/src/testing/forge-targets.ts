import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  snapshotPath,
  type TargetFile,
  TIMESTAMP_PATH,
  targetPath,
  targetsPath,
} from '@nearside/artifact';
import { openDirectorySource } from '../repository/directory-source.js';
import { describeBytes, nextSnapshot, nextTargets, nextTimestamp } from '../repository/metadata.js';
import { readRepository } from '../repository/read-repository.js';
import { readReleaseSigners } from '../signing/release-signers.js';
import { signMetadata } from '../signing/tuf-signer.js';

/**
 * What a thief of all online TUF keys, but not of a model key, can do: let the targets name any
 * bundle and say anything of it.
 */
export async function forgeTargets(
  { repository, keys }: { repository: string; keys: string },
  forged: { name: string; bundle: Uint8Array; custom: TargetFile['custom'] },
): Promise<void> {
  const signers = await readReleaseSigners(keys);
  const { trusted } = (await readRepository(openDirectorySource(repository))) ?? {};
  const nowMs = Date.now();
  const described = describeBytes(forged.bundle);
  const entry = { [forged.name]: { ...described, custom: forged.custom } };
  const targets = nextTargets(trusted?.targets?.signed, entry, nowMs);
  const targetsFile = signMetadata(targets, [signers.targets]);
  const snapshot = nextSnapshot(
    trusted?.snapshot?.signed,
    { version: targets.version, bytes: targetsFile },
    nowMs,
  );
  const snapshotFile = signMetadata(snapshot, [signers.snapshot]);
  const timestamp = nextTimestamp(
    trusted?.timestamp?.signed,
    { version: snapshot.version, bytes: snapshotFile },
    nowMs,
  );
  const files = new Map<string, Uint8Array>([
    [targetPath(forged.name, described.hashes.sha256), forged.bundle],
    [targetsPath(targets.version), targetsFile],
    [snapshotPath(snapshot.version), snapshotFile],
    [TIMESTAMP_PATH, signMetadata(timestamp, [signers.timestamp])],
  ]);
  for (const [path, bytes] of files) await writeFile(join(repository, path), bytes);
}
