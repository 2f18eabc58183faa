import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TargetFile, targetPath } from '@nearside/artifact';
import { openDirectorySource, requireRepository } from '../repository/reading/open-repository.js';
import { describeBytes } from '../signing/metadata.js';
import { resignTargets } from '../signing/resign-roles.js';
import { openSigners } from '../signing/signers.js';

/**
 * Forges what a thief of all online TUF keys, but not of a model key, can: targets that name any bundle and say
 * anything about it.
 */
export async function forgeTargets(
  { repository, keys }: { repository: string; keys: string },
  forged: { name: string; bundle: Uint8Array; custom: TargetFile['custom'] },
): Promise<void> {
  const { trusted } = await requireRepository(openDirectorySource(repository), repository);
  const sign = await openSigners({ keys }, trusted.root, ['targets', 'snapshot', 'timestamp']);
  const described = describeBytes(forged.bundle);
  const entry = { [forged.name]: { ...described, custom: forged.custom } };
  const { files } = resignTargets({ trusted, entry, sign, nowMs: Date.now() });
  const bundlePath = targetPath(forged.name, described.hashes.sha256);
  for (const [path, bytes] of [...files, [bundlePath, forged.bundle] as const])
    await writeFile(join(repository, path), bytes);
}
