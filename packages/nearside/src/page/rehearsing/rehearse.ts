import { startAwakeTimer } from '@nearside/artifact';
import { NearsideError, type TensorSpec, type Tensors } from '@nearside/core';
import type { AvailableBackend } from '../../shared/api/backends.js';
import type { UnsignedFiles } from '../../shared/protocol.js';
import {
  endingOnFailure,
  load,
  type ModelContext,
  OWN_WORKER,
  openOn,
} from '../serving/serving.js';
import type { Connection } from '../workers/connection.js';
import { timeUntilSteady } from './time-until-steady.js';

/** Share of the budget after which no run begins: the last one has to end within the rest. */
const FOR_RUNS = 0.8;

/** One model, as a worker loads it: files with weights of whatever kind, and what they are. */
export interface RehearsedModel extends UnsignedFiles {
  /** The inputs that a caller gives, once it is known which there are. */
  inputsOf(declared: readonly TensorSpec[]): Tensors;
}

export interface Rehearsed {
  /** Median of a run's time, ms. */
  readonly medianMs: number;
  readonly heapBytes: number | undefined;
  readonly threads: number;
}

/** What is left of what a rehearsal may take, ms. Only starting and running count, no download. */
export interface RehearsalBudget {
  leftMs: number;
}

/**
 * Loads a model on a backend in a worker of its own, runs it until runs take as long as they will, and times it. The
 * worker is ended, however that goes.
 *
 * @throws `signal.reason`; NearsideError `deadline` when the budget is spent before a run has ended; backend and
 *   environment codes
 */
export async function rehearse(
  backend: AvailableBackend,
  { files, spec, inputsOf }: RehearsedModel,
  {
    budget,
    signal,
    ...context
  }: ModelContext & { readonly budget: RehearsalBudget; readonly signal: AbortSignal | undefined },
): Promise<Rehearsed> {
  const { plan } = context;
  const policy = { ...plan.policy, warmUpMs: budget.leftMs };
  const own = { ...context, plan: { ...plan, policy, unsigned: { files, spec } } };
  const opened = await openOn(backend, own, {
    which: { kind: 'active' },
    place: OWN_WORKER,
    boot: undefined,
    isOptional: true,
    isSure: true,
    signal,
    onProgress: undefined,
  });
  const [variant] = opened?.version.spec.variants ?? [];
  if (!opened || !variant) throw spent(backend); // files always are a version with a variant
  const { connection, fetched } = opened;
  let startMs: number | undefined;
  void fetched.then(() => {
    startMs = performance.now();
  });
  const stopTimer = startOnceFetched(fetched, budget.leftMs, () => connection.kill(spent(backend)));
  try {
    return await endingOnFailure(connection, signal, async () => {
      const { loaded, version } = await load(opened, variant, { signal });
      const endMs = (startMs ?? performance.now()) + budget.leftMs * FOR_RUNS;
      const medianMs = await timeRuns(connection, inputsOf(version.spec.inputs), endMs);
      const { heapBytes = 0 } = connection.workers[0] ?? {};
      return { medianMs, heapBytes: heapBytes || undefined, threads: loaded.threads };
    });
  } finally {
    stopTimer();
    if (startMs !== undefined) budget.leftMs -= performance.now() - startMs;
    void connection.close(undefined);
  }
}

/** What takes too long once everything is there is ended, whatever it is doing. */
function startOnceFetched(fetched: Promise<void>, limitMs: number, act: () => void): () => void {
  let isStopped = false;
  let stop = () => {};
  void fetched.then(() => {
    if (!isStopped) stop = startAwakeTimer(limitMs, act);
  });
  return () => {
    isStopped = true;
    stop();
  };
}

/** @returns median of a run's time, ms */
async function timeRuns(connection: Connection, tensors: Tensors, endMs: number): Promise<number> {
  let runs = 0;
  return timeUntilSteady(async () => {
    const inputs = [{ input: { kind: 'tensors', tensors } as const }];
    runs += 1;
    const answer = await connection.run({ id: -runs, inputs }, { transfer: [], onBegun() {} });
    const reply = answer.kind === 'done' ? answer.replies[0] : undefined;
    if (reply?.ok) return reply.value.times.run;
    const { code = 'backend-failed', message = 'no answer' } = reply?.error ?? {};
    throw new NearsideError(code, message);
  }, endMs);
}

function spent(backend: AvailableBackend): NearsideError {
  return new NearsideError(
    'deadline',
    `${backend}: expected it to start and run within \`maxMs\`, got no answer by then.`,
    { details: { backend }, retryable: true },
  );
}
