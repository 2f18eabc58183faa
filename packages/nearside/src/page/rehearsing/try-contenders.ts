import { isNearsideError, NearsideError, type Variant } from '@nearside/core';
import { mayBeCommon } from '#platform';
import type { AvailableBackend, OnnxRuntime } from '../../shared/api/backends.js';
import type { CanRun, RehearsalLimits, RehearsalRow } from '../../shared/api/can-run.js';
import { createModelEmitter } from '../../shared/api/events.js';
import {
  bytesToFetch,
  isOutranked,
  listContenders,
  orderByBytes,
  runtimeBytes,
} from '../../shared/contender-order.js';
import { type Contender, runsOnCpu } from '../../shared/contenders.js';
import { isBackendFault, isOutOfReach, messageOf } from '../../shared/failures.js';
import { missingFor, requestAdapter } from '../../shared/gpu-adapter.js';
import { createBackendChoice, EMPTY_RECORD } from '../choice/backend-choice.js';
import { UNMARKED } from '../choice/page-mark.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { DEFAULT_ENGINE } from '../workers/engine-context.js';
import { type RehearsalBudget, type Rehearsed, type RehearsedModel, rehearse } from './rehearse.js';
import { requireMemory } from './rehearsed-models.js';

const DEFAULTS = Object.freeze({
  /** Three variants of a small model take three seconds in all, and so does one of a large model. */
  maxMs: 10_000,
  /** The default of `tune` too: enough for both of ONNX Runtime's builds. */
  maxBytes: 10_000_000,
});

/** Neither other weights nor another try would help against these. */
const SAY_NO: readonly unknown[] = [
  'out-of-memory',
  'no-backend',
  'operator-unsupported',
  'wasm-blocked',
  'page-lost',
];

/** A model whose contenders are rehearsed. */
export interface Rehearsal {
  readonly plan: OpenPlan;
  readonly variants: readonly Variant[];
  /** `ort-common.wasm` is enough for it. */
  readonly isCommon: boolean;
  readonly memoryBytes: number;
  /** So much of the device's memory may be used, bytes. */
  readonly limitBytes: number;
  /** Bytes of each variant's files that are not on the device, by its name. */
  readonly missingBytes: Readonly<Record<string, number>>;
  /** The models of a variant, one after the other. */
  modelsOf(variant: string): Promise<readonly RehearsedModel[]>;
  /**
   * Undefined where no page died lately for the model, as far as that is known.
   *
   * @returns with how much care `open` would take it, in words
   * @throws NearsideError `page-lost` where it would leave it out
   */
  readonly requireLife?: (contender: Contender) => string | undefined;
  /** Marks the page as trying a contender, and as trying none any more: it may die of that, as of tuning. */
  readonly mark?: (contender?: Contender) => void;
  /** A failure is the call's, not a contender's. */
  isOfCall(error: unknown): boolean;
}

/** A contender's row; its download is added at the end. */
type Tried = Omit<RehearsalRow, 'downloadBytes'>;

/**
 * Rehearses every contender, the smallest download first, and says what follows from that.
 *
 * @throws `plan.signal.reason`; a failure of the call
 */
export async function tryContenders(
  rehearsal: Rehearsal,
  { maxMs = DEFAULTS.maxMs, maxBytes = DEFAULTS.maxBytes }: RehearsalLimits,
): Promise<CanRun> {
  const { plan, variants, missingBytes, isCommon } = rehearsal;
  const budget = { leftMs: maxMs };
  const started = new Set<AvailableBackend>();
  const tried: Tried[] = [];
  /** A page died of trying them: `open` may do with less. */
  const doubtful = new Set<Contender>();
  const contenders = listContenders(variants, plan.contenders);
  const order = orderByBytes(contenders, { missingBytes, cachedRuntimes: started, isCommon });
  for (const [i, contender] of order.entries()) {
    try {
      const message = rehearsal.requireLife?.(contender);
      const spentBytes = [...started].reduce((sum, name) => sum + runtimeBytes(name, isCommon), 0);
      const leftBytes = maxBytes - spentBytes;
      await requireRoom(contender, rehearsal, { budget, leftBytes, started });
      rehearsal.mark?.(contender);
      const rehearsed = await withShare(budget, order.length - i, (budget) =>
        tryOne(contender, rehearsal, { budget, started }),
      );
      tried.push({ ...contender, ...rehearsed, code: undefined, message });
    } catch (error) {
      plan.signal?.throwIfAborted();
      if (rehearsal.isOfCall(error)) throw error;
      if (isOutOfReach(error)) started.delete(contender.backend);
      tried.push(failed(contender, error));
      if (isNearsideError(error) && error.details.phase) doubtful.add(contender);
    } finally {
      rehearsal.mark?.();
    }
  }
  const contents = { missingBytes, cachedRuntimes: started, isCommon };
  const rows = tried.map((row) => ({ ...row, downloadBytes: bytesToFetch(row, contents) }));
  const isNo = doubtful.size === 0 && rows.every(({ code }) => SAY_NO.includes(code));
  return conclude(rows, { isNo, declaredBytes: rehearsal.memoryBytes, variants });
}

/** Gives one of several its share of the time. The others share what it leaves. */
async function withShare<Result>(
  budget: RehearsalBudget,
  among: number,
  work: (own: RehearsalBudget) => Promise<Result>,
): Promise<Result> {
  const shareMs = budget.leftMs / among;
  const own = { leftMs: shareMs };
  try {
    return await work(own);
  } finally {
    budget.leftMs -= shareMs - own.leftMs;
  }
}

/** @throws NearsideError where a contender is not tried, with the reason */
async function requireRoom(
  { backend }: Contender,
  { memoryBytes, limitBytes, isCommon }: Rehearsal,
  limits: {
    readonly budget: RehearsalBudget;
    readonly leftBytes: number;
    readonly started: ReadonlySet<AvailableBackend>;
  },
): Promise<void> {
  const { budget, leftBytes, started } = limits;
  requireMemory(memoryBytes, limitBytes);
  if (!runsOnCpu(backend) && !(await requestAdapter())) {
    throw notTried('no-backend', `${backend}: expected WebGPU with an adapter, got none.`);
  }
  const missing = missingFor(backend);
  if (missing) throw notTried('no-backend', `${backend}: expected ${missing}, got none.`);
  const sizeBytes = runtimeBytes(backend, isCommon);
  if (!started.has(backend) && sizeBytes > leftBytes) {
    throw notTried(
      'download-limit',
      `${backend}: expected a runtime of at most the ${leftBytes} bytes that are left of \`maxBytes\`, got one of ` +
        `about ${sizeBytes}.`,
    );
  }
  if (budget.leftMs <= 0) {
    throw new NearsideError(
      'deadline',
      `${backend}: expected time to try it, got none left of \`maxMs\`.`,
      { details: { backend }, retryable: true },
    );
  }
}

/** Rehearses all models of a contender, each in a worker of its own. */
async function tryOne(
  { backend, variant }: Contender,
  rehearsal: Rehearsal,
  { budget, started }: { budget: RehearsalBudget; started: Set<AvailableBackend> },
) {
  const models = await rehearsal.modelsOf(variant);
  started.add(backend);
  const ran: Rehearsed[] = [];
  for (const [i, model] of models.entries()) {
    const rehearsed = withShare(budget, models.length - i, (own) =>
      onRuntime(backend, model, rehearsal, own),
    );
    ran.push(await rehearsed);
  }
  return {
    estimatedMs: ran.reduce((sum, { medianMs }) => sum + medianMs, 0),
    heapBytes: ran.some(({ heapBytes }) => heapBytes === undefined)
      ? undefined
      : ran.reduce((sum, { heapBytes = 0 }) => sum + heapBytes, 0),
    threads: ran[0]?.threads,
  };
}

/** Tries ONNX Runtime's common file where that should do, and the full one where the common one fails. */
async function onRuntime(
  backend: AvailableBackend,
  model: RehearsedModel,
  { plan, isCommon }: Rehearsal,
  budget: RehearsalBudget,
): Promise<Rehearsed> {
  const rehearseOn = (onnxRuntime: OnnxRuntime) => {
    const choice = createBackendChoice(plan, EMPTY_RECORD);
    choice.onnxRuntime = onnxRuntime;
    return rehearse(backend, model, {
      plan,
      engine: DEFAULT_ENGINE,
      identity: undefined,
      emitter: createModelEmitter(),
      onOpened: undefined,
      mark: UNMARKED.mark,
      choice,
      budget,
      signal: plan.signal,
    });
  };
  if (!isCommon || !mayBeCommon || backend !== 'onnx-wasm') return rehearseOn('full');
  return rehearseOn('common').catch((error) => {
    if (!isBackendFault(error) || budget.leftMs <= 0) throw error;
    return rehearseOn('full');
  });
}

function failed({ backend, variant }: Contender, error: unknown): Tried {
  const code = isNearsideError(error) ? error.code : 'backend-failed';
  const message = messageOf(error);
  const nothing = { estimatedMs: undefined, heapBytes: undefined, threads: undefined };
  return { backend, variant, ...nothing, code, message };
}

function notTried(code: 'no-backend' | 'download-limit', message: string) {
  return new NearsideError(code, message);
}

/** Sums the rows up. */
export function conclude(
  rows: readonly RehearsalRow[],
  {
    isNo,
    declaredBytes,
    variants,
  }: Pick<Rehearsal, 'variants'> & { readonly isNo: boolean; readonly declaredBytes: number },
): CanRun {
  const ran = rows.filter(({ estimatedMs }) => estimatedMs !== undefined);
  const rank = (row: RehearsalRow) => Number(isOutranked(row, variants));
  const [fastest] = [...ran].sort(
    (a, b) => rank(a) - rank(b) || Number(a.estimatedMs) - Number(b.estimatedMs),
  );
  const [lightest] = [...rows].sort((a, b) => a.downloadBytes - b.downloadBytes);
  const best = fastest ?? lightest;
  const verdict = fastest ? 'yes' : isNo ? 'no' : 'unknown';
  return {
    verdict,
    fits: verdict === 'unknown' ? undefined : verdict === 'yes',
    estimatedMs: best?.estimatedMs,
    memoryBytes: Math.max(declaredBytes, best?.heapBytes ?? 0),
    downloadBytes: best?.downloadBytes ?? 0,
    backend: best?.backend,
    variant: best?.variant,
    rows,
  };
}
