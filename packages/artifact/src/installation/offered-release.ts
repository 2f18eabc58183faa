import { isNearsideError, NearsideError } from '@nearside/core';
import { verifyBundle } from '../oms/verify-bundle.js';
import {
  chooseRelease,
  expectedBundle,
  findRelease,
  isAdmitted,
  isSupported,
  type Release,
  releasesOf,
  shadowOnOffer,
} from '../release.js';
import { rolloutBucket } from '../rollout-bucket.js';
import { MODEL_KEYS_FIELD } from '../tuf/metadata.js';
import type { CompleteMetadata } from '../tuf/trusted-metadata.js';
import { verifyBytes } from '../verified-bytes.js';
import type { InstallationContext } from './installation-context.js';

type Chooser = Pick<InstallationContext, 'model' | 'installId' | 'support' | 'ledger'>;

/**
 * The release that trusted targets offer this device.
 *
 * @param from the sequence that runs now: where it was revoked and none is newer, its signed fallback is preferred
 */
export async function chooseOffered(
  { targets }: CompleteMetadata,
  { model, installId, support, ledger }: Chooser,
  from?: number,
): Promise<Release> {
  const failed = await ledger.failed();
  return chooseRelease(targets.signed, { model, installId, support, failed, from });
}

/** The shadow that this device is to run beside the version that serves, if there is one, and it has not failed here. */
export async function chooseShadow(
  { targets }: CompleteMetadata,
  { model, installId, support, ledger }: Chooser,
): Promise<Release | undefined> {
  const shadow = shadowOnOffer(releasesOf(targets.signed, model));
  if (!shadow || !isSupported(shadow, support)) return undefined;
  const bucket = await rolloutBucket(shadow.rollout?.salt ?? '', installId);
  const hasFailed = (await ledger.failed()).has(shadow.sequence);
  return isAdmitted(shadow, bucket) && !hasFailed ? shadow : undefined;
}

/** @returns true if targets still offer a version under this bundle, and root still names the key that signed it */
export async function isOffered(
  trusted: CompleteMetadata,
  { model, sequence, bundle }: { model: string; sequence: number; bundle: Uint8Array<ArrayBuffer> },
): Promise<boolean> {
  const offered = findRelease(trusted.targets.signed, { model, sequence });
  if (!offered || offered.state === 'revoked') return false;
  const { version } = offered;
  try {
    await verifyBytes(bundle, expectedBundle(offered));
    const modelKeys = trusted.root[MODEL_KEYS_FIELD];
    await verifyBundle(bundle, { modelKeys, release: { model, version, sequence } });
    return true;
  } catch (error) {
    if (isNearsideError(error)) return false;
    throw error;
  }
}

/** The version to be opened is not what the repository offers this device, or is so no longer. */
export function notOffered(model: string, version: string): NearsideError {
  return new NearsideError(
    'version-revoked',
    `Expected the repository to offer ${model} ${version} to this device, got another version or none.`,
    { details: { model, version }, retryable: true },
  );
}
