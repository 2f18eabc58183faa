import type { BootAnswer } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { loadLater } from '../later/load-later.js';
import type { OpenedVersion, WhichVersion } from '../protocol.js';
import { load, openOn, type Serving, type ServingContext } from './serving.js';
import { startFirst } from './start-first.js';

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 *
 * @param boot what `lookFirst` was answered
 */
export async function serveInstalled(
  context: ServingContext,
  boot?: BootAnswer | undefined,
): Promise<Serving> {
  const opened: OpenedVersion[] = [];
  try {
    return await serveActive(context, { opened, boot });
  } catch (error) {
    const failed = opened.at(-1);
    if (failed?.origin !== 'store' || !isNearsideError(error)) throw error;
    const later = await loadLater().catch(() => {
      throw error;
    });
    return later.servePrevious(context, { failed: failed.release, error }, (which) =>
      start(context, which, { opened: [] }),
    );
  }
}

interface StartOptions {
  /** Gets every version that was opened on the way, whether it came to serve or not. */
  readonly opened: OpenedVersion[];
  readonly boot?: BootAnswer | undefined;
}

/** A boot file may offer what the repository no longer does: then the plain walk decides. */
async function serveActive(
  context: ServingContext,
  { opened, boot }: StartOptions,
): Promise<Serving> {
  const serve = async (options: StartOptions) => {
    const serving = await start(context, { kind: 'active' }, options);
    return serving as Serving; // there is an active version, or an error
  };
  try {
    return await serve({ opened, boot });
  } catch (error) {
    if (!isWithdrawn(error)) throw error;
    return serve({ opened });
  }
}

function isWithdrawn(error: unknown): boolean {
  return isNearsideError(error) && error.code === 'version-revoked' && error.retryable;
}

function start(
  context: ServingContext,
  which: WhichVersion,
  { opened, boot }: StartOptions,
): Promise<Serving | undefined> {
  const { signal, onProgress } = context.plan;
  return startFirst(context, context.choice.openingOrder(), {
    async open(backend) {
      const version = await openOn(backend, context, { which, boot, signal, onProgress });
      if (version) opened.push(version.version);
      return version;
    },
    load: (version) => load(version, { signal }),
  });
}
