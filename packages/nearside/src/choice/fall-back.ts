import type { NearsideError } from '@nearside/core';
import type { Shift } from '../handover.js';
import type { Serving, ServingContext } from '../serving.js';
import { demote, quarantine } from './blame-candidate.js';
import type { Candidate } from './candidate.js';

/**
 * A backend has failed soon after it took over from another one of the same version. The one before it
 * serves again, and is what the next `open` starts with; the version is not to blame.
 */
export function fallBack(
  { choice, emitter }: ServingContext,
  { failed, to, error }: { failed: Shift; to: Shift; error: NearsideError },
): void {
  const { sequence } = failed.serving.version.release;
  const { code, message } = error;
  const told = { ...candidateOf(failed.serving), code, message };
  quarantine(choice, told, sequence);
  demote(choice, failed.serving.backend);
  choice.settle(candidateOf(to.serving), { sequence, isFallback: true });
  to.recorder.quarantined();
  emitter.emit('backend-quarantined', told);
}

function candidateOf({ backend, variant }: Serving): Candidate {
  return { backend, variant: variant.name };
}
