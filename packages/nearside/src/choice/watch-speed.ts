import type { Serving } from '../opening/serving.js';
import type { Handover } from '../running/handover.js';
import type { BackendChoice } from './backend-choice.js';
import { contenderOf, isSameContender } from './contender.js';
import { isLastinglySlow, NO_SPELLS, SLOWER, watchRun } from './slow-spells.js';
import { isHidden } from './when-idle.js';

/**
 * How long a look at the others, or a suspicion that was none, is the last word, ms: a device that gets
 * warm and cools down again is not to be measured all day.
 */
const COOLDOWN_MS = 600_000;

/** Notices when what serves has become slower than it was when it was chosen. */
export interface SpeedWatcher {
  /**
   * @param itemMs what one input's share of a run took in the worker
   * @param nowMs by a clock that does not go back
   */
  ran(itemMs: number, nowMs?: number): void;
}

export interface SpeedWatcherOptions {
  readonly handover: Pick<Handover, 'current'>;
  readonly choice: Pick<BackendChoice, 'record'>;
  /** Told of a suspicion: inputs of the caller's may take longer for reasons of their own. */
  readonly onSlow: (rememberedMs: number) => void;
}

/** Watches the runs of a visible page; what was never measured has nothing to be compared with. */
export function watchSpeed({ handover, choice, onSlow }: SpeedWatcherOptions): SpeedWatcher {
  let watched: Serving | undefined;
  let watch = NO_SPELLS;
  let restsUntilMs = 0;
  return {
    ran(itemMs, nowMs = performance.now()) {
      const { serving } = handover.current;
      const contender = contenderOf(serving);
      const rememberedMs = choice.record.measured.find((one) =>
        isSameContender(one, contender),
      )?.p50Ms;
      if (serving !== watched || isHidden()) watch = NO_SPELLS;
      watched = serving;
      if (rememberedMs === undefined || nowMs < restsUntilMs || isHidden()) return;
      watch = watchRun(watch, { isSlow: itemMs > SLOWER * rememberedMs, nowMs });
      if (!isLastinglySlow(watch)) return;
      watch = NO_SPELLS;
      restsUntilMs = nowMs + COOLDOWN_MS;
      onSlow(rememberedMs);
    },
  };
}
