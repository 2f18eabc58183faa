import { isNearsideError } from '@nearside/core';
import type { OpenedVersion, WhichVersion } from '../protocol.js';
import type { StartSteps } from './attempt-backend.js';
import { load, type ModelContext, openOn, type Serving } from './serving.js';
import { type StartHelp, startFirst } from './start-first.js';

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 */
export async function serveInstalled(
  context: ModelContext,
  help: () => Promise<StartHelp>,
): Promise<Serving> {
  const opened: OpenedVersion[] = [];
  try {
    return await serveActive(context, opened, help);
  } catch (error) {
    const failed = opened.at(-1);
    if (failed?.origin !== 'store' || !isNearsideError(error)) throw error;
    const later = await help().catch(() => {
      throw error;
    });
    return later.servePrevious(context, { failed: failed.release, error }, (which) =>
      start(context, which, [], help),
    );
  }
}

/**
 * A boot file may offer what the repository no longer does: then the plain walk decides.
 *
 * @param opened gets every version that was opened on the way, whether it came to serve or not
 */
async function serveActive(
  context: ModelContext,
  opened: OpenedVersion[],
  help: () => Promise<StartHelp>,
): Promise<Serving> {
  const serve = async () => {
    const serving = await start(context, { kind: 'active' }, opened, help);
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
  context: ModelContext,
  which: WhichVersion,
  opened: OpenedVersion[],
  help: () => Promise<StartHelp>,
): Promise<Serving | undefined> {
  const { signal, onProgress } = context.plan;
  const steps: StartSteps = {
    async open(backend) {
      const version = await openOn(backend, context, { which, signal, onProgress });
      if (version) opened.push(version.version);
      return version;
    },
    load: (version) => load(version, { signal }),
  };
  return startFirst(context, context.choice.openingOrder(), steps, help);
}
