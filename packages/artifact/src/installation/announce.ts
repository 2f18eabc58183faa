import { isNearsideError, type NearsideError } from '@nearside/core';
import { unsupportedReleases } from '../release.js';
import { type CompleteMetadata, requireUnexpired } from '../tuf/trusted-metadata.js';
import type { InstallationContext } from './installation-context.js';

type Told = Pick<InstallationContext, 'onEvent'>;

/** Expired metadata installs nothing new, but the versions it vouched for keep serving. */
export function announceIfStale(
  { root, timestamp, snapshot, targets }: CompleteMetadata,
  { onEvent, now }: Told & Pick<InstallationContext, 'now'>,
): void {
  try {
    requireUnexpired('root', root, now());
    requireUnexpired('timestamp', timestamp.signed, now());
    requireUnexpired('snapshot', snapshot.signed, now());
    requireUnexpired('targets', targets.signed, now());
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    announceStale(error, { onEvent });
  }
}

/** @param error a `metadata-expired` */
export function announceStale({ details }: NearsideError, { onEvent }: Told): void {
  const { role, expires } = details;
  onEvent({ type: 'metadata-stale', role: String(role), expires: String(expires) });
}

/** Versions above `sequence` that this device should run and this library cannot. */
export function announceUnsupported(
  { targets }: CompleteMetadata,
  above: number,
  { model, support, onEvent }: Pick<InstallationContext, 'model' | 'support' | 'onEvent'>,
): void {
  const releases = unsupportedReleases(targets.signed, { model, support, above });
  for (const { version, sequence } of releases) {
    onEvent({ type: 'version-unsupported', version, sequence });
  }
}
