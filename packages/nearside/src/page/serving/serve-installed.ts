import type { BootAnswer } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import type { OpenedVersion, WhichVersion } from '../../shared/protocol.js';
import { load, type ModelContext, openOn, type Serving } from './serving.js';
import { type StartHelp, type StartSteps, startVersion } from './start-version.js';

export interface ServeInstalledOptions {
  readonly help: () => Promise<StartHelp>;
  /** What `lookFirst` was answered. */
  readonly boot?: BootAnswer | undefined;
}

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 */
export async function serveInstalled(
  context: ModelContext,
  { help, boot }: ServeInstalledOptions,
): Promise<Serving> {
  const opened: OpenedVersion[] = [];
  try {
    return await serveActive(context, { help, opened, boot });
  } catch (error) {
    const failed = opened.at(-1);
    if (failed?.origin !== 'store' || !isNearsideError(error)) throw error;
    const { servePrevious } = await help().catch(() => {
      throw error;
    });
    return servePrevious(context, { failed: failed.release, error }, (which) =>
      start(context, which, { help, opened: [] }),
    );
  }
}

interface StartOptions extends ServeInstalledOptions {
  /** Gets every version that was opened on the way, whether it came to serve or not. */
  readonly opened: OpenedVersion[];
}

/** A boot file may offer what the repository no longer does: then the plain walk decides. */
async function serveActive(context: ModelContext, options: StartOptions): Promise<Serving> {
  const serve = (options: StartOptions) =>
    start(context, { kind: 'active' }, options) as Promise<Serving>; // there is one, or an error
  return serve(options).catch((error) => {
    if (!isWithdrawn(error)) throw error;
    return serve({ ...options, boot: undefined });
  });
}

function isWithdrawn(error: unknown): boolean {
  return isNearsideError(error) && error.code === 'version-revoked' && error.retryable;
}

function start(
  context: ModelContext,
  which: WhichVersion,
  { help, opened, boot }: StartOptions,
): Promise<Serving | undefined> {
  const { signal, onProgress } = context.plan;
  const steps: StartSteps = {
    async open(backend) {
      // Seldom a lighter variant leads to another backend; by default the first one has the light runtime then, of 137 KB.
      const how = {
        which,
        place: undefined,
        boot,
        isOptional: false,
        isSure: true,
        signal,
        onProgress,
      };
      const found = await openOn(backend, context, how);
      if (found) opened.push(found.version);
      return found;
    },
    load: (found, variant) => load(found, variant, { signal }),
  };
  return startVersion(context, context.choice.openingOrder(), steps, help);
}
