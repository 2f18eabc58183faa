import { isNearsideError, type NearsideError } from '@nearside/core';
import type { OpenedVersion } from './protocol.js';
import { type Serving, type ServingContext, startServing } from './start-serving.js';

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 */
export async function serveInstalled(context: ServingContext): Promise<Serving> {
  let failed: OpenedVersion | undefined;
  try {
    return await startAgainIfWithdrawn(context, (version) => {
      failed = version;
    });
  } catch (error) {
    if (failed?.origin !== 'store' || !isNearsideError(error)) throw error;
    const previous = await servePrevious(context, failed);
    if (!previous) throw error;
    await settle(context, { failed, previous, error });
    return previous;
  }
}

/** A boot file may offer what the repository has just taken back: then the plain walk decides. */
async function startAgainIfWithdrawn(
  context: ServingContext,
  onVersion: (version: OpenedVersion) => void,
): Promise<Serving> {
  const { signal, onProgress } = context.plan.options;
  const start = async () => {
    const which = { kind: 'active' } as const;
    const serving = await startServing(context, { which, signal, onProgress, onVersion });
    return serving as Serving; // there always is an active version, or an error
  };
  try {
    return await start();
  } catch (error) {
    if (isNearsideError(error) && error.code === 'version-revoked' && error.retryable) {
      return start();
    }
    throw error;
  }
}

/** Whatever hinders this too, the first failure is what the caller should see. */
async function servePrevious(
  context: ServingContext,
  { release }: OpenedVersion,
): Promise<Serving | undefined> {
  const { signal } = context.plan.options;
  const which = { kind: 'previous', failed: release.sequence } as const;
  try {
    return await startServing(context, { which, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  }
}

/** Bytes that are gone may come back with the network; numbers that are wrong stay wrong. */
async function settle(
  { emitter }: ServingContext,
  { failed, previous, error }: { failed: OpenedVersion; previous: Serving; error: NearsideError },
): Promise<void> {
  const { sequence, version } = failed.release;
  const isItsFault = ['no-backend', 'golden-mismatch', 'backend-failed'].includes(error.code);
  if (isItsFault) await previous.connection.reject({ sequence, failure: error.code });
  emitter.emit('version-rolled-back', {
    from: version,
    to: previous.version.release.version,
    code: error.code,
  });
}
