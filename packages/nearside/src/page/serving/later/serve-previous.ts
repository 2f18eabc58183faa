import type { ReleaseIdentity } from '@nearside/artifact';
import type { NearsideError } from '@nearside/core';
import { isBackendFault } from '../../../shared/failures.js';
import type { WhichVersion } from '../../../shared/protocol.js';
import type { ModelContext, Serving } from '../serving.js';
import { announceRollBack, rollBack } from './roll-back.js';

/**
 * Serves the version before an installed one that could not be loaded, which is given up if it was its
 * own fault.
 *
 * @throws what the installed one failed with when this is hindered too; `signal.reason`
 */
export async function servePrevious(
  { plan, emitter }: ModelContext,
  { failed, error }: { failed: ReleaseIdentity; error: NearsideError },
  start: (which: WhichVersion) => Promise<Serving | undefined>,
): Promise<Serving> {
  const to = await start({ kind: 'previous', failed: failed.sequence }).catch((hindrance) => {
    throw plan.signal?.aborted ? hindrance : error;
  });
  if (!to) throw error;
  const event = { failed, to, code: error.code, plan, emitter };
  // What cannot be written down fails again at the next `open`, and this one serves then too.
  if (isBackendFault(error)) await rollBack(event).catch(() => announceRollBack(event));
  else announceRollBack(event);
  return to;
}
