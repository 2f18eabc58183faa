import { askWorker } from '../workers/ask-worker.js';
import { median } from './median.js';
import { SLOWER } from './slow-spells.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';
import { whenIdle } from './when-idle.js';

/** Enough for a median that one slow run does not decide. */
const CHECKS = 3;

/**
 * Measures all again that were measured before, if what serves is slower than it was then: timed as it
 * was then, on the same input, while the page is idle.
 *
 * @param rememberedMs what it took when it was chosen
 * @throws as `tuneBackends`; what the serving worker fails with, `terminated` when it hangs
 */
export async function tuneAgain(options: TuningOptions, rememberedMs: number): Promise<void> {
  const { serving } = options.handover.current;
  const timesMs: number[] = [];
  while (timesMs.length < CHECKS) {
    await whenIdle(options);
    if (options.handover.current.serving !== serving || options.handover.isResting) return;
    timesMs.push(await askWorker(serving.connection, options, ({ time }) => time()));
  }
  if (median(timesMs) > SLOWER * rememberedMs) await tuneBackends({ ...options, isAnew: true });
}
