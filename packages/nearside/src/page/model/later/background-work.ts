import { contenderOf } from '../../../shared/contenders.js';
import type { EndedRun, RunObserver } from '../../../shared/ended-run.js';
import { countRuns } from '../../choice/later/count-runs.js';
import { takeDeaths } from '../../choice/later/deaths.js';
import { rememberChoice } from '../../choice/later/remember-choice.js';
import { runOfVersion } from '../../choice/later/version-runs.js';
import { UNMARKED } from '../../choice/page-mark.js';
import { ShadowRuns } from '../../later/shadowing/shadow-runs.js';
import { createTuner } from '../../later/tuning/tuner.js';
import {
  type KeepCurrentOptions,
  keepCurrent,
  type Updates,
} from '../../later/updating/keep-current.js';
import type { RunQueue } from '../../running/run-queue.js';
import { restWhileHidden } from '../../serving/later/rest-hidden.js';
import type { Recording } from '../../telemetry/recording.js';

/** Work beside serving: updates, tuning, and the memory of their findings. */
export interface BackgroundWork extends Pick<Updates, 'revoked' | 'update'> {
  /** A look or a trial is under way that needs the worker which serves. */
  readonly isAtWork: boolean;
  /** Looks for a faster backend, once for each version. Never rejects. @returns when that is done */
  tune(): Promise<void>;
  /** Does the same after results, and once more when a faster backend has become worth its start. */
  readonly ran: RunObserver;
  /** Ends the looks and trials under way. */
  close(reason: unknown): void;
  /** @returns when everything is written for the next `open` */
  saved(): Promise<void>;
}

export interface BackgroundOptions extends Omit<KeepCurrentOptions, 'woken'> {
  readonly queue: Pick<RunQueue<never, never>, 'waiting'>;
  readonly recording: Pick<Recording, 'early' | 'tell'>;
  /** True while a call waits, or work beside runs is under way. */
  readonly isNeeded: () => boolean;
}

/** Unsigned files have no other versions, and nothing is remembered of them. */
const NO_UPDATES: Updates = {
  revoked: undefined,
  shadow: undefined,
  isLooking: false,
  update: async () => undefined,
  goBack() {},
  close() {},
};

const NO_MEMORY: ReturnType<typeof rememberChoice> = { saved: async () => {} };

/** Pages that died are told once, by a page that reports. */
async function tellDeaths(
  plan: BackgroundOptions['plan'],
  { tell }: BackgroundOptions['recording'],
): Promise<void> {
  if (!plan.report) return;
  const pages = await takeDeaths(plan);
  if (pages.length > 0) tell({ kind: 'deaths', pages });
}

export function startBackground(given: BackgroundOptions): BackgroundWork {
  const { queue, recording, isNeeded, ...options } = given;
  const { choice, plan, handover } = options;
  // It hears of a page that is shown before the keeper does, which waits for the model that it wakes.
  const hidden = restWhileHidden({ plan, handover, isNeeded });
  const keeper = plan.unsigned ? NO_UPDATES : keepCurrent({ ...options, woken: hidden.woken });
  const memory = plan.unsigned ? NO_MEMORY : rememberChoice(choice, plan);
  const isBusy = () => queue.waiting > 0 || !handover.isIdle || keeper.isLooking;
  const tuner = createTuner({
    ...options,
    isBusy: () => isBusy() || shadows?.isAtWork === true,
    onPutOff() {
      tuned = undefined; // until the next result
    },
  });
  const mayShadow = plan.policy.update === 'auto' && 'document' in globalThis;
  const shadows =
    plan.report && mayShadow
      ? new ShadowRuns({
          context: options,
          handover,
          report: plan.report,
          tell: recording.tell,
          offered: () => keeper.shadow,
          isBusy: () => isBusy() || tuner.isTrying,
        })
      : undefined;
  let tuned: number | undefined;
  let tuning: Promise<void> = Promise.resolve();

  function tune(): Promise<void> {
    const { sequence } = handover.current.version.release;
    if (tuned !== sequence) tuning = tuner.tune();
    tuned = sequence;
    return tuning;
  }

  const countRun = options.mark === UNMARKED.mark ? undefined : countRuns(plan, keeper.goBack);

  function ran(run: EndedRun): void {
    const { served, outcome } = run;
    hidden.ran();
    const ofVersion = runOfVersion(run);
    if (ofVersion) countRun?.(ofVersion);
    shadows?.ran(run);
    if (outcome.kind !== 'ok') return;
    void tune();
    const { batch, times } = outcome.reply;
    tuner.ran(contenderOf(served), times.run / batch);
  }

  for (const record of recording.early) if (record.kind === 'ran') ran(record);
  if (choice.caution && handover.current.version.manifestSha256) void tellDeaths(plan, recording);
  return {
    get revoked() {
      return keeper.revoked;
    },
    get isAtWork() {
      return keeper.isLooking || tuner.isTrying;
    },
    update: keeper.update,
    tune,
    ran,
    close(reason) {
      hidden.close();
      keeper.close(reason);
      tuner.close(reason);
      shadows?.close(reason);
    },
    saved: memory.saved,
  };
}
