import { isNearsideError } from '@nearside/core';
import type { ReleaseIdentity } from '../oms/verify-bundle.js';
import { announceStale, announceUnsupported } from './announce.js';
import type { InstallationContext } from './installation-context.js';
import { chooseOffered, chooseShadow, isOffered } from './offered-release.js';
import type { OpenedRelease } from './opened-release.js';

/** The result of a look at the repository. */
export interface UpdateCheck {
  /** The version this device should run instead, if any. */
  readonly next: ReleaseIdentity | undefined;
  /** The active version must not run any more, whether or not there is a next one. */
  readonly isRevoked: boolean;
  /** A version that this device is to run beside the one that serves. There is none where there is a next one. */
  readonly shadow: ReleaseIdentity | undefined;
}

/**
 * Refreshes the metadata and compares it with the version that runs. Nothing is downloaded.
 *
 * @param serving the version that runs here, even if the store has forgotten it; without it the active one
 * @param maxAgeMs metadata that another tab fetched so recently is not fetched again
 */
export async function lookForUpdate(
  context: InstallationContext,
  { serving, maxAgeMs }: { serving: OpenedRelease | undefined; maxAgeMs?: number | undefined },
): Promise<UpdateCheck> {
  const { metadata, ledger, model } = context;
  const trusted = await metadata.refresh({ maxAgeMs }).catch((error) => {
    if (isNearsideError(error) && error.code === 'metadata-expired') announceStale(error, context);
    throw error;
  });
  const { sequence, bundle } = serving
    ? { sequence: serving.release.sequence, bundle: serving.bundle }
    : await readActive(ledger);
  const isRevoked =
    sequence !== undefined &&
    bundle !== undefined &&
    !(await isOffered(trusted, { model, sequence, bundle }));
  announceUnsupported(trusted, sequence ?? 0, context);
  const chosen = await chooseOffered(trusted, context, sequence).catch((error) => {
    if (isRevoked && isNearsideError(error)) return undefined;
    throw error;
  });
  if (chosen && chosen.sequence !== sequence) {
    return { isRevoked, next: identityOf(chosen), shadow: undefined };
  }
  const shadow = isRevoked ? undefined : await chooseShadow(trusted, context);
  return { isRevoked, next: undefined, shadow: shadow && identityOf(shadow) };
}

function identityOf({ model, version, sequence }: ReleaseIdentity): ReleaseIdentity {
  return { model, version, sequence };
}

async function readActive(ledger: InstallationContext['ledger']) {
  const { active: sequence } = await ledger.pointer();
  const record = sequence === undefined ? undefined : await ledger.record(sequence);
  return { sequence, bundle: record?.bundle };
}
