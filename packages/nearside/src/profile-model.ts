import type { Handover } from './handover.js';
import type { Input } from './input.js';
import type { Profile, RunMeta, RunOptions, RunResult, StageProfile } from './model.js';
import { transferablesOf } from './protocol.js';
import { refuseTensors } from './refuse-tensors.js';
import type { Serving } from './serving.js';
import { snapshotCustom } from './snapshot-custom.js';
import { snapshotInput } from './snapshot-input.js';

const STAGES = ['queue', 'pre', 'run', 'post'] as const;
const RUNS = 10;

/**
 * Runs one input several times, one after another, and says where the time goes: by stage, and by
 * operator where the runtime can tell.
 *
 * @param runs from 1 on
 * @throws as `run`; RangeError for another number of runs
 */
export async function profileModel(
  {
    run,
    handover,
  }: {
    run: (input: Input, options: RunOptions) => Promise<RunResult>;
    /** Undefined where no backend serves. */
    handover?: Pick<Handover, 'current'> | undefined;
  },
  input: Input,
  { runs = RUNS, signal }: { runs?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Profile> {
  if (!Number.isSafeInteger(runs) || runs < 1) {
    throw new RangeError(`profile: expected \`runs\` to be a whole number above 0; got ${runs}`);
  }
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
  const operators = handover && (await timeOperators(handover.current.serving, input, runs));
  return { model, version, variant, backend, threads, runs, totalMs, stages, operators };
}

async function timeOperators({ connection, version }: Serving, input: Input, runs: number) {
  const wire = await snapshotInput(input, version.spec, {
    transfer: false,
    custom: snapshotCustom,
    refuse: refuseTensors,
  });
  return connection.profile({ input: wire, runs }, transferablesOf(wire));
}

/** The median; of an even number the lower one. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}
