import { isNearsideError } from '@nearside/core';
import { loadLater } from '../later/load-later.js';
import type { OpenedVersion, WhichVersion } from '../protocol.js';
import { load, openOn, type Serving, type ServingContext } from './serving.js';
import { startFirst } from './start-first.js';

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 */
export async function serveInstalled(context: ServingContext): Promise<Serving> {
  const opened: OpenedVersion[] = [];
  try {
    return await serveActive(context, opened);
  } catch (error) {
    const failed = opened.at(-1);
    if (failed?.origin !== 'store' || !isNearsideError(error)) throw error;
    const later = await loadLater().catch(() => {
      throw error;
    });
    return later.servePrevious(context, { failed: failed.release, error }, (which) =>
      start(context, which, []),
    );
  }
}

/**
 * A boot file may offer what the repository no longer does: then the plain walk decides.
 *
 * @param opened gets every version that was opened on the way, whether it came to serve or not
 */
async function serveActive(context: ServingContext, opened: OpenedVersion[]): Promise<Serving> {
  const serve = async () => {
    const serving = await start(context, { kind: 'active' }, opened);
    return serving as Serving; // there is an active version, or an error
  };
  try {
    return await serve();
  } catch (error) {
    if (!isWithdrawn(error)) throw error;
    return serve();
  }
}

function isWithdrawn(error: unknown): boolean {
  return isNearsideError(error) && error.code === 'version-revoked' && error.retryable;
}

function start(
  context: ServingContext,
  which: WhichVersion,
  opened: OpenedVersion[],
): Promise<Serving | undefined> {
  const { signal, onProgress } = context.plan;
  return startFirst(context, context.choice.openingOrder(), {
    async open(backend) {
      const how = { which, isOptional: false, signal, onProgress };
      const version = await openOn(backend, context, how);
      if (version) opened.push(version.version);
      return version;
    },
    load: (version) => load(version, { signal }),
  });
}
