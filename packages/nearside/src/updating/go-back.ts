import { demote, quarantine } from '../choice/blame-contender.js';
import { contenderOf } from '../choice/contender.js';
import type { ModelContext } from '../opening/serving.js';
import type { GoneBack } from '../running/handover.js';
import { announceRollBack, rollBack } from './roll-back.js';

/** Sees to it that the next `open` starts with what serves again, and not with what has failed. */
export async function goBack(context: ModelContext, event: GoneBack): Promise<void> {
  const { from, to, error } = event;
  const { release } = from.version;
  if (release.sequence === to.version.release.sequence) return blameBackend(context, event);
  const { plan, emitter } = context;
  const told = { failed: release, to, code: error.code, plan, emitter };
  await rollBack(told).catch(() => announceRollBack(told)); // its tries still count
}

/** Of two backends of one version the version is not to blame. */
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
