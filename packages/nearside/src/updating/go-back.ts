import { demote, quarantine } from '../choice/blame-contender.js';
import { contenderOf } from '../choice/contender.js';
import type { ServingContext } from '../opening/serving.js';
import type { GoBack } from '../running/handover.js';
import { announceRollBack, rollBack } from './roll-back.js';

/** Sees to it that the next `open` starts with what serves again, and not with what has failed. */
export async function goBack(context: ServingContext, event: GoBack): Promise<void> {
  const [failed, to] = [event.failed.serving, event.to.serving];
  const { release } = failed.version;
  if (release.sequence === to.version.release.sequence) return blameBackend(context, event);
  const { plan, emitter } = context;
  const told = { failed: release, to, code: event.error.code, plan, emitter };
  await rollBack(told).catch(() => announceRollBack(told)); // its tries still count
}

/** Of two backends of one version the version is not to blame. */
function blameBackend(
  { choice, emitter }: ServingContext,
  { failed, to, error: { code, message } }: GoBack,
): void {
  const { sequence } = failed.serving.version.release;
  const told = { ...contenderOf(failed.serving), code, message };
  quarantine(choice, told, sequence);
  demote(choice, failed.serving.backend);
  choice.settle(contenderOf(to.serving), { sequence, haveOthersFailed: true });
  to.recorder.quarantined();
  emitter.emit('backend-quarantined', told);
}
