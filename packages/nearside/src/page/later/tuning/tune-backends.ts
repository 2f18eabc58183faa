import { isNearsideError } from '@nearside/core';
import { isOutranked, listContenders, orderByBytes } from '../../../shared/contender-order.js';
import {
  type Contender,
  contenderName,
  contenderOf,
  findContender,
  isSameContender,
  runsOnCpu,
} from '../../../shared/contenders.js';
import { isBackendFault, isVersionFault, messageOf } from '../../../shared/failures.js';
import { describeAdapter, missingFor, requestAdapter } from '../../../shared/gpu-adapter.js';
import type { Measured } from '../../choice/backend-choice.js';
import { blameRuntime, quarantine } from '../../choice/later/blame.js';
import { BESIDE_RUNS, markBeside } from '../../choice/page-mark.js';
import type { Handover } from '../../serving/handover.js';
import { BESIDE, load, type ModelContext, openOn, type Serving } from '../../serving/serving.js';
import type { Connection } from '../../workers/connection.js';
import { askWorker } from '../../workers/watchdog.js';
import { whenIdle } from '../idle-device.js';
import { whyUncompared } from './compare-with-cpu.js';
import { isKnownFaster } from './loss-of-runs.js';
import { createTuningBudget, ServingFailed, type TuningBudget, timeBeside } from './time-beside.js';

export interface TuningOptions extends ModelContext {
  readonly handover: Handover;
  /** The model itself has something to do. */
  readonly isBusy: () => boolean;
  /** Set while contenders are being tried: the one that serves may not be put to rest meanwhile. */
  readonly trial: { isUnderWay: boolean };
  /** Runs have lost enough for a backend to be started that is known to be faster. */
  readonly isWorthStart: () => boolean;
  /** Called when the one that serves is at rest: it is not woken for this. */
  readonly onPutOff: () => void;
  readonly signal: AbortSignal;
}

/** Waits until trying is in nobody's way. */
type Idle = () => Promise<void>;

/** It serves, has failed or was timed: its row in the table says so without a message. */
const SETTLED = '';

interface TryOptions extends TuningOptions {
  readonly idle: Idle;
  readonly budget: TuningBudget;
}

/** The adapter of a device without WebGPU. */
const NO_ADAPTER = 'none';

/**
 * Tries the other contenders beside the one that serves. Each is loaded in a worker of its own, proven on the golden
 * cases, or on answers of the one that serves, and timed against the serving one on the same input; the faster one serves from then on. A contender that
 * failed for good is not tried again. One that was measured here before is, if it was faster and is worth a start.
 *
 * @throws `signal.reason`; ServingFailed; the error of the serving worker, `terminated` when it hangs
 */
export async function tuneBackends(options: TuningOptions): Promise<void> {
  const { plan, handover, isBusy, signal } = options;
  const idle: Idle = async () => {
    if (plan.tune.when === 'idle') await whenIdle({ isBusy, signal });
    signal.throwIfAborted();
  };
  await idle();
  if (handover.isResting) return options.onPutOff();
  const { trial } = options;
  trial.isUnderWay = true;
  try {
    await tryOthers({ ...options, idle });
  } finally {
    trial.isUnderWay = false;
  }
}

async function tryOthers(options: TuningOptions & { readonly idle: Idle }): Promise<void> {
  const { plan, choice, handover, idle, signal } = options;
  const { watchdogMs } = plan.policy;
  const { version, connection } = handover.current;
  const { sequence } = version.release;
  const contenders = listContenders(version.spec.variants, plan.contenders);
  const tried = [handover.current, ...choice.record.measured];
  const contents = {
    missingBytes: await askWorker(connection, { watchdogMs, signal }, ({ missingBytes }) =>
      missingBytes(),
    ),
    cachedRuntimes: new Set(tried.map(({ backend }) => backend)),
    isCommon: choice.onnxRuntime === 'common',
  };
  const adapter = await nameAdapter();
  forgetOthers(options, { sequence, adapter });
  const budget = createTuningBudget(plan.tune, contents);
  for (const contender of orderByBytes(contenders, contents)) {
    const hindrance = findHindrance(options, contender, { adapter, budget });
    remark(options, contender, hindrance || undefined, budget.sizeOf(contender));
    if (hindrance !== undefined) continue;
    await idle();
    if (handover.current.version.release.sequence !== sequence) return;
    const objection = await whyUncompared(contender, { ...options, budget });
    remark(options, contender, objection);
    if (objection !== undefined) continue;
    budget.chargeBytes(contender);
    await tryOut(contender, { ...options, budget });
    signal.throwIfAborted();
  }
}

/** Forgets findings about another version, or on another GPU. */
function forgetOthers(
  { choice }: TuningOptions,
  { sequence, adapter }: { sequence: number; adapter: string },
): void {
  choice.startAnewFor(sequence);
  const before = choice.record.adapter;
  if (before === adapter) return;
  choice.change({ adapter, ...(before !== undefined && { measured: [], quarantined: [] }) });
}

/** @returns why a contender is not tried */
function findHindrance(
  { plan, engine, choice, handover, isWorthStart }: TuningOptions,
  contender: Contender,
  { adapter, budget }: { adapter: string; budget: TuningBudget },
): string | undefined {
  const serving = handover.current;
  if (isSameContender(contenderOf(serving), contender)) return SETTLED;
  const quarantined = [...choice.record.quarantined, ...choice.passing];
  if (findContender(quarantined, contender)) return SETTLED;
  if (isOutranked(contender, serving.version.spec.variants)) {
    return 'an earlier variant computes in the same `dtype`';
  }
  const known = findContender(choice.record.measured, contender);
  if (known && known.p50Ms === undefined) {
    return `takes more than ${plan.tune.maxMs} ms`;
  }
  const isFaster = isKnownFaster(choice, contender, contenderOf(serving));
  if (known && !(isFaster && isWorthStart())) return SETTLED;
  if (!runsOnCpu(contender.backend) && adapter === NO_ADAPTER) {
    return 'no WebGPU with an adapter';
  }
  const missing = missingFor(contender.backend);
  if (missing) return `no ${missing}`;
  if (choice.caution?.keepsFrom('tuning', contender)) {
    return 'the page was lost while it was tried; not again for a day';
  }
  if (engine.memory?.hasRoomFor(serving.version.spec.limits.memoryBytes) === false) {
    return 'no room beside what is loaded within `memoryBudgetBytes`';
  }
  return budget.objectionTo(contender);
}

/** Bytes and time that it takes are spent, however it ends. */
async function tryOut(contender: Contender, options: TryOptions): Promise<void> {
  const { plan, choice, handover, budget, idle, signal } = options;
  const { watchdogMs } = plan.policy;
  const { leftMs } = budget;
  const serving = handover.current;
  let started: Serving | undefined;
  try {
    started = await start(contender, options);
    if (!started) return;
    const timed = (connection: Connection) => ({
      time: () => askWorker(connection, { watchdogMs, signal }, ({ time }) => time()),
    });
    const comparison = await timeBeside({
      budget,
      idle,
      serving: timed(serving.connection),
      contender: timed(started.connection),
    });
    if (!comparison) {
      remark(options, contender, `takes more than the ${Math.round(leftMs)} ms that were left`);
      // With less than half of the time others may have used it up: it has another try.
      if (leftMs < plan.tune.maxMs / 2) return;
    }
    const { servingMs, contenderMs, isFaster = false } = comparison ?? {};
    if (isFaster) await idle();
    if (handover.current !== serving) return;
    keepTimes(options, [
      ...(servingMs === undefined ? [] : [{ ...contenderOf(serving), p50Ms: servingMs }]),
      { ...contender, p50Ms: contenderMs },
    ]);
    if (comparison) choice.origin = 'measured';
    choice.change({ start: isFaster ? contender : contenderOf(serving) });
    if (isFaster) {
      takeOver(started, options);
      started = undefined; // it serves now and is not closed here
    }
  } catch (error) {
    if (signal.aborted || error instanceof ServingFailed) throw error;
    const { release } = serving.version;
    const runtime = contender.backend === 'onnx-wasm' ? choice.onnxRuntime : undefined;
    if (blameRuntime(options, error, { runtime, release })) return tryOut(contender, options);
    blame(contender, options, error);
  } finally {
    options.mark(BESIDE_RUNS);
    void started?.connection.close(undefined);
  }
}

/** @returns undefined when the device has come to another version meanwhile */
async function start(
  contender: Contender,
  { handover, budget, signal, ...given }: TryOptions,
): Promise<Serving | undefined> {
  const { version } = handover.current;
  const context = { ...given, mark: markBeside('tuning', given.mark) };
  const which = { kind: 'active' } as const;
  const opened = await openOn(contender.backend, context, { ...BESIDE, which, signal });
  const variant = opened?.version.spec.variants.find(({ name }) => name === contender.variant);
  if (!opened || !variant || opened.version.manifestSha256 !== version.manifestSha256) {
    void opened?.connection.close(undefined);
    return undefined;
  }
  return chargeFrom(opened.fetched, budget, () => load(opened, variant, { signal }));
}

/** Downloads are paid for in bytes: the time begins when everything is fetched. */
async function chargeFrom<Result>(
  fetched: Promise<void>,
  budget: TuningBudget,
  work: () => Promise<Result>,
): Promise<Result> {
  let fromMs: number | undefined;
  void fetched.then(() => {
    fromMs = performance.now();
  });
  try {
    return await work();
  } finally {
    if (fromMs !== undefined) budget.chargeMs(performance.now() - fromMs);
  }
}

function takeOver(started: Serving, { handover, emitter, choice }: TuningOptions) {
  handover.take(started, isVersionFault);
  const { backend, variant } = contenderOf(started);
  emitter.emit('backend-selected', { backend, variant, origin: choice.origin });
}

/** Only what a contender does itself is held against it. */
function blame(contender: Contender, options: TuningOptions, error: unknown): void {
  const { choice, emitter, handover } = options;
  const message = messageOf(error);
  if (!isBackendFault(error) || error.code === 'no-backend') {
    remark(options, contender, isNearsideError(error) ? `${error.code}: ${message}` : message);
    return;
  }
  const failed = { ...contender, code: error.code, message };
  quarantine(choice, failed, handover.current.version.release.sequence);
  emitter.emit('backend-quarantined', failed);
}

function keepTimes({ choice, handover }: TuningOptions, times: readonly Measured[]): void {
  choice.startAnewFor(handover.current.version.release.sequence);
  const others = choice.record.measured.filter((known) => !findContender(times, known));
  choice.change({ measured: [...others, ...times] });
}

function remark(
  { choice }: TuningOptions,
  contender: Contender,
  message: string | undefined,
  bytes?: number,
): void {
  const name = contenderName(contender);
  const before = choice.remarks.get(name);
  choice.remarks.set(name, { bytes: bytes ?? before?.bytes, message });
}

async function nameAdapter(): Promise<string> {
  const adapter = await requestAdapter();
  return adapter ? describeAdapter(adapter.info) : NO_ADAPTER;
}
