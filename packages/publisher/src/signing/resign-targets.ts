import type { Targets, TrustedMetadata } from '@nearside/artifact';
import { type Generation, resignRoles } from './resign-roles.js';
import type { Signers } from './signers.js';

/**
 * Signs new targets, and the snapshot and timestamp that lead devices to them.
 *
 * @param trusted the repository so far; its root alone where nothing has been published
 * @param change what the new targets are, from those so far; their version and expiry are set here
 */
export function resignTargets({
  signers,
  ...options
}: {
  trusted: TrustedMetadata;
  change: (targets: Targets) => Targets;
  signers: Signers;
  nowMs: number;
}): Generation {
  return resignRoles({ ...options, roles: ['targets'], sign: signers.sign });
}
