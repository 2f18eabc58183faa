/**
 * Without golden cases a GPU that is to serve an unsigned model is compared with a CPU, in one of three ways. After the first
 * run the worker that serves on a CPU answers cases, for the GPUs that are tried then (`whyUncompared`). Where `backend`
 * names `onnx-webgpu`, its worker answers them with the same runtime on a CPU (`findProof` in `worker/session.ts`). Where
 * it names `tfjs-webgpu`, which has no CPU beside, a worker of `tfjs-wasm` is opened for that first (`planCompared`).
 */

import { isNearsideError, type NearsideError } from '@nearside/core';
import { createModelEmitter } from '../../../shared/api/events.js';
import { type Contender, contenderOf, runsOnCpu, variantsFor } from '../../../shared/contenders.js';
import { messageOf } from '../../../shared/failures.js';
import type { Answers } from '../../../shared/protocol.js';
import { createBackendChoice, EMPTY_RECORD } from '../../choice/backend-choice.js';
import { UNMARKED } from '../../choice/page-mark.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { Handover } from '../../serving/handover.js';
import { BESIDE, load, type ModelContext, openOn, type Serving } from '../../serving/serving.js';
import { DEFAULT_ENGINE } from '../../workers/engine-context.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import type { TuningBudget } from './time-beside.js';

const GOLDEN = 'golden.json';

const OTHER_NUMBERS = 'without golden cases nothing tells whether its numbers are right';

const UNCHECKED = "`selfCheck` is 'off': it serves only where `backend` names it";

export interface ComparisonOptions extends Pick<ModelContext, 'plan' | 'choice'> {
  readonly handover: Pick<Handover, 'current'>;
  /** Pays for the answers. */
  readonly budget: Pick<TuningBudget, 'chargeMs' | 'objectionTo'>;
  readonly signal: AbortSignal;
}

/**
 * Sees to it that a contender can be compared, where an unsigned model has no golden cases: the worker that serves answers
 * some, once.
 *
 * @returns why it cannot be; it is not tried then
 * @throws `signal.reason`
 */
export async function whyUncompared(
  contender: Contender,
  options: ComparisonOptions,
): Promise<string | undefined> {
  const { plan, choice, handover, budget } = options;
  if (!plan.unsigned || hasGolden(plan.unsigned)) return undefined;
  const { variant } = contenderOf(handover.current);
  if (runsOnCpu(contender.backend) || contender.variant !== variant) return OTHER_NUMBERS;
  if (!plan.unsigned.wantsComparison) return UNCHECKED;
  choice.answers ??= await answerBesideRuns(options);
  const { objections } = choice.answers;
  if (hasGolden(choice.answers)) return budget.objectionTo(contender); // less is left than before
  return `no case can tell whether its numbers are right: ${objections.join('; ')}`;
}

async function answerBesideRuns({
  plan,
  handover,
  budget,
  signal,
}: ComparisonOptions): Promise<Answers> {
  const startMs = performance.now();
  try {
    return await askForAnswers(handover.current, plan, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { files: {}, objections: [messageOf(error)] };
  } finally {
    budget.chargeMs(performance.now() - startMs);
  }
}

/** Two cases of a model, which are both computed twice. */
const RUNS = 4;

function askForAnswers(
  { connection, version }: Pick<Serving, 'connection' | 'version'>,
  { policy: { watchdogMs } }: OpenPlan,
  signal: AbortSignal | undefined,
): Promise<Answers> {
  const runs = RUNS * (version.spec.stages?.length ?? 1);
  const limitMs = 2 * runs * watchdogMs; // each may stand behind a run
  return withinWatchdog(connection, { limitMs, signal }, ({ answer }) => answer());
}

/**
 * Has a worker of `tfjs-wasm` answer cases before one of `tfjs-webgpu` is opened, which the caller has named.
 *
 * @returns a plan with the cases among its files; the same one, where no case can tell
 * @throws `signal.reason`
 */
export async function planCompared(plan: OpenPlan): Promise<OpenPlan> {
  const { unsigned, signal } = plan;
  if (!unsigned || hasGolden(unsigned)) return plan;
  const answers = await answerInOwnWorker(plan).catch(() => undefined); // then it stays unproven
  signal?.throwIfAborted();
  const files = { ...unsigned.files, ...answers?.files };
  return { ...plan, unsigned: { ...unsigned, files } };
}

async function answerInOwnWorker(plan: OpenPlan): Promise<Answers | undefined> {
  const { signal } = plan;
  const context = {
    plan,
    engine: DEFAULT_ENGINE,
    emitter: createModelEmitter(),
    choice: createBackendChoice(plan, EMPTY_RECORD),
    identity: undefined,
    onOpened: undefined,
    mark: UNMARKED.mark,
  };
  const which = { kind: 'active' } as const;
  const opened = await openOn('tfjs-wasm', context, { ...BESIDE, which, isSure: true, signal });
  const [variant] = variantsFor('tfjs-wasm', opened?.version.spec.variants ?? []);
  try {
    if (!opened || !variant) return undefined;
    return await askForAnswers(await load(opened, variant, { signal }), plan, signal);
  } finally {
    void opened?.connection.close(undefined);
  }
}

/**
 * Leaves the comparison out where the caller names ONNX Runtime on WebGPU, and the CPU in the same worker, which nobody can
 * interrupt, took too long for the model, or ended the worker. The model stays unproven then.
 *
 * @throws `error`, where it may have another cause
 */
export function planUncompared(plan: OpenPlan, error: unknown): OpenPlan {
  const { unsigned, isBackendForced } = plan;
  if (!unsigned?.wantsComparison || hasGolden(unsigned) || !isBackendForced) throw error;
  if (!isNearsideError(error) || !hasEndedWorker(error)) throw error;
  return { ...plan, unsigned: { ...unsigned, wantsComparison: false } };
}

/** `limitMs` is that of loading. */
function hasEndedWorker({ code, details }: NearsideError): boolean {
  return ['worker-lost', 'out-of-memory'].includes(code) || details.limitMs !== undefined;
}

function hasGolden({ files }: Pick<Answers, 'files'>): boolean {
  return Object.hasOwn(files, GOLDEN);
}
