import type { Profile, ProfileOptions, StageProfile } from '../../../shared/api/model.js';
import type { Input, RunMeta, RunOptions, RunResult } from '../../../shared/api/run.js';
import { checkOptions } from '../../../shared/check-options.js';
import { kindWords } from '../../../shared/kind-words.js';
import {
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
  SIGNAL,
  WHOLE_ABOVE_0,
} from '../../../shared/option-kinds.js';
import { transferablesOf } from '../../../shared/protocol.js';
import type { Handover } from '../../serving/handover.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import { type SnapshotOther, snapshotInput, takesOthers } from '../snapshot-input.js';
import { refuseInput } from './refuse-input.js';
import { snapshotOther } from './snapshot-other.js';

export interface ProfiledModel {
  readonly run: (input: Input, options: RunOptions) => Promise<RunResult>;
  readonly handover: Handover;
  /** A worker that is silent for longer in one run is ended. */
  readonly watchdogMs: number;
  /** Takes records, with features that are remembered. */
  readonly takeOther?: SnapshotOther | undefined;
}

const KINDS: OptionKinds<keyof ProfileOptions> = { runs: WHOLE_ABOVE_0, signal: SIGNAL };
const STAGES = ['queue', 'pre', 'run', 'post'] as const;
const RUNS = 10;

/**
 * Runs one input several times, one after another, and says where the time goes: by stage, and by
 * operator where the runtime can tell.
 *
 * @param runs from 1 on
 * @throws as `run`; TypeError or RangeError for wrong options
 */
export async function profileModel(
  { run, ...operated }: ProfiledModel,
  input: Input,
  given: ProfileOptions = NO_OPTIONS,
): Promise<Profile> {
  const options = ownOptions(given);
  checkOptions('profile', options, KINDS, { words: kindWords });
  const { runs = RUNS, signal } = options;
  const metas: RunMeta[] = [];
  for (let i = 0; i < runs; i += 1) metas.push((await run(input, { signal })).meta);
  const { model, version, variant, backend, threads } = metas[0] as RunMeta;
  const totals = metas.map((meta) => STAGES.reduce((sum, stage) => sum + meta[`${stage}Ms`], 0));
  const totalMs = middle(totals);
  const stages = STAGES.map((stage): StageProfile => {
    const times = metas.map((meta) => meta[`${stage}Ms`]);
    const medianMs = middle(times);
    return {
      stage,
      medianMs,
      longestMs: Math.max(...times),
      share: totalMs > 0 ? medianMs / totalMs : 0,
    };
  });
  const operators = operated.handover.current.noBackend
    ? undefined
    : await timeOperators(operated, { input, runs, signal });
  return { model, version, variant, backend, threads, runs, totalMs, stages, operators };
}

/** The runs are one call to the worker, whose time is one run's for each, and one more to wait for its turn. */
async function timeOperators(
  { handover, watchdogMs, takeOther }: Omit<ProfiledModel, 'run'>,
  { input, runs, signal }: { input: Input; runs: number; signal: AbortSignal | undefined },
) {
  return handover.run(async ({ connection, version }) => {
    const wire = await snapshotInput(input, version.spec, {
      transfer: false,
      takeOther: takesOthers(version.spec) ? (takeOther ?? snapshotOther) : undefined,
      refuse: refuseInput,
    });
    return withinWatchdog(connection, { limitMs: (runs + 1) * watchdogMs, signal }, () =>
      connection.profile({ input: wire, runs }, transferablesOf(wire)),
    );
  });
}

/** The median; of an even number the lower one. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}
