import { type ErrorCode, isNearsideError, type NearsideError } from '@nearside/core';
import { contenderOf } from '../../../shared/contenders.js';
import { isBackendFault } from '../../../shared/failures.js';
import { demote, quarantine } from '../../choice/later/blame.js';
import { askWorker } from '../../workers/watchdog.js';
import type { GoneBack } from '../handover.js';
import type { ModelContext, Serving } from '../serving.js';
import type { StartHelp } from '../start-version.js';

/** A version that is given up. */
export interface RollBack extends Pick<ModelContext, 'plan' | 'emitter'> {
  readonly failed: { readonly version: string; readonly sequence: number };
  /** The version that serves instead. */
  readonly to: Serving;
  readonly code: ErrorCode;
}

/**
 * Gives a version up that served on this device, and says so. Another one serves, and no network is needed. Never rejects:
 * where the device cannot remember it, the same comes again at the next visit, or its tries still count.
 */
export async function rollBack(event: RollBack): Promise<void> {
  await reject(event).catch(() => {});
  announceRollBack(event);
}

/** Has the device remember not to try a version again. @throws NearsideError a store code, or `terminated` */
export function reject({ failed, to, code, plan }: Omit<RollBack, 'emitter'>): Promise<void> {
  const rejected = { sequence: failed.sequence, failure: code };
  const { watchdogMs } = plan.policy;
  return askWorker(to.connection, { watchdogMs, signal: undefined }, (worker) =>
    worker.reject(rejected),
  );
}

/** Says it alone where a version is not to blame, as one whose bytes are gone. */
function announceRollBack({ failed, to, code, emitter }: RollBack): void {
  const { version } = to.version.release;
  emitter.emit('version-rolled-back', { from: failed.version, to: version, code });
}

/** Makes the next `open` start with the version or backend that serves again, not with the one that failed. */
export async function settleGoneBack(context: ModelContext, event: GoneBack): Promise<void> {
  const { from, to, error } = event;
  const { release } = from.version;
  if (release.sequence === to.version.release.sequence) {
    blameBackend(context, event);
    return;
  }
  const { plan, emitter } = context;
  const told = { failed: release, to, code: error.code, plan, emitter };
  await rollBack(told);
}

/** The backend is to blame where another one serves the same version. */
function blameBackend(
  { choice, emitter }: ModelContext,
  { from, to, error: { code, message } }: GoneBack,
): void {
  const { sequence } = from.version.release;
  const told = { ...contenderOf(from), code, message };
  quarantine(choice, told, sequence);
  demote(choice, from.backend);
  choice.settle(contenderOf(to), { sequence, haveOthersFailed: true });
  emitter.emit('backend-quarantined', told);
}

/**
 * Serves another version than the active one, which could not be served: without the boot file's offer, where the repository
 * has withdrawn that since; else the version before an installed one, which is given up if it was its own fault.
 *
 * @throws the error of the active one where this fails too; `signal.reason`
 */
export const serveOther: StartHelp['serveOther'] = async (context, { error, opened, start }) => {
  if (!isNearsideError(error)) throw error;
  if (isWithdrawn(error)) {
    const again = start({ kind: 'active' }, undefined) as Promise<Serving>; // there is one, or an error
    return again.catch((error) => openPrevious(context, { error, opened, start }));
  }
  return openPrevious(context, { error, opened, start });
};

function isWithdrawn({ code, retryable }: NearsideError): boolean {
  return code === 'version-revoked' && retryable;
}

const openPrevious: StartHelp['serveOther'] = async (
  { plan, emitter },
  { error, opened, start },
) => {
  const { origin, release: failed } = opened.at(-1) ?? {};
  if (origin !== 'store' || !failed || !isNearsideError(error)) throw error;
  const which = { kind: 'previous', failed: failed.sequence } as const;
  const to = await start(which, undefined).catch((hindrance) => {
    throw plan.signal?.aborted ? hindrance : error;
  });
  if (!to) throw error;
  const event = { failed, to, code: error.code, plan, emitter };
  if (isBackendFault(error)) await rollBack(event);
  else announceRollBack(event);
  return to;
};
