import { startAwakeTimer } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { PRIORITIES, type Priority } from '../../shared/api/run.js';
import { isLostWorker } from '../../shared/failures.js';
import {
  fromWireError,
  type Reply,
  type RunInput,
  type RunReply,
  transferablesOf,
  type WireInput,
} from '../../shared/protocol.js';
import type { Handover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import type { Connection } from '../workers/connection.js';
import type { Outcome, PostedBatch } from './run-queue.js';
import { releaseSnapshot } from './snapshot-input.js';

/** A call that waits for a worker, or is in one. */
export interface QueuedRun {
  /** As it was at the call; a promise for elements and canvases. */
  input: WireInput | Promise<WireInput>;
  /** The caller gave its own buffers away, and expects them gone. */
  readonly isGiven: boolean;
  readonly topK: number | undefined;
  readonly priority: Priority;
  /** Set for a frame whose stream carries something on. */
  readonly stream?: HeldStream | undefined;
  /** It is on its way to a worker, or there: its input is not the caller's any more. */
  isPosted?: boolean | undefined;
  /** The version that has taken it; none while it waits. */
  serving?: Serving | undefined;
  /** It was under way in a worker that was lost, and is done again, once. */
  isSecondTry?: boolean | undefined;
  /** It was lost with a worker so often, under way or not. */
  tries?: number | undefined;
}

/** A stream whose state or left-over sound is in a worker: only that worker can go on with it. */
export interface HeldStream {
  readonly id: number;
  readonly serving: Serving;
}

/** How a batch was lost. */
export interface Loss {
  /** Why the worker is gone. */
  readonly error: unknown;
  /** The worker had begun with the batch, which may be to blame then. */
  readonly hasBegun: boolean;
}

/** Deals with a batch whose worker was lost. It is in the second part. */
export interface LossHelp {
  redoLost(runs: readonly QueuedRun[], loss: Loss): Promise<RunOutcome[]>;
}

export type RunOutcome = Outcome<QueuedRun, RunReply>;

/** Ids of batches are unique in the page. `recall` and `kill` name a batch by its id. */
let lastId = 0;

/**
 * Gives calls to the version that serves now, as one batch.
 *
 * @param watchdogMs a worker that is silent for longer is ended: nothing can stop a run on wasm
 */
export function postBatch(
  runs: readonly QueuedRun[],
  {
    handover,
    watchdogMs,
    help,
  }: { handover: Handover; watchdogMs: number; help: () => Promise<LossHelp> },
): PostedBatch<QueuedRun, RunReply> {
  lastId += 1;
  const id = lastId;
  for (const run of runs) run.isPosted = true;
  let taken: Serving | undefined;
  let hasBegun = false;
  const stream = runs[0]?.stream;
  const kill = (reason: NearsideError) => taken?.connection.kill(reason, id);
  const endSilent = (reason: NearsideError) => {
    hasBegun = true; // this batch is to blame for the silence, begun or not
    kill(reason);
  };
  const end = handover
    .run(async (serving) => {
      taken = serving;
      for (const run of runs) run.serving = serving;
      const inputs = await Promise.allSettled(runs.map(({ input }) => input));
      return watched({ kill: endSilent, watchdogMs }, (startWatch) => {
        const onBegun = () => {
          hasBegun = true;
          startWatch();
        };
        return runTogether(serving.connection, { id, runs, inputs, onBegun });
      });
    }, stream?.serving)
    .catch(async (error): Promise<RunOutcome[]> => {
      const later = isLostWorker(error) && (await help().catch(() => {}));
      if (later) return later.redoLost(runs, { error, hasBegun });
      for (const { input } of runs) releaseSnapshot(input); // an input that has not left is still here
      throw error;
    });
  return {
    end,
    get hasBegun() {
      return hasBegun;
    },
    recall() {
      // The batch's own end says whether it came in time.
      taken?.connection.recall(id).catch(() => {});
    },
    terminate: () => kill(terminated('a caller ended it', { isOwn: true })),
  };
}

interface Posted {
  readonly id: number;
  readonly runs: readonly QueuedRun[];
  /** One for each run, in their order. */
  readonly inputs: readonly PromiseSettledResult<WireInput>[];
  /** Called when the worker begins. */
  readonly onBegun: () => void;
}

async function runTogether(
  connection: Connection,
  { id, runs, inputs, onBegun }: Posted,
): Promise<RunOutcome[]> {
  const taken: RunInput[] = [];
  const given: Transferable[] = [];
  for (const [i, input] of inputs.entries()) {
    if (input.status === 'rejected') continue;
    const { topK, isGiven } = runs[i] as QueuedRun;
    taken.push({ input: input.value, topK });
    if (isGiven || !isRetained(input.value)) given.push(...transferablesOf(input.value));
  }
  if (taken.length === 0) return merge(inputs, []);
  const stream = runs[0]?.stream?.id;
  const request = { id, inputs: taken, priority: highest(runs), stream, tellsBegun: undefined };
  const answer = await connection.run(request, { transfer: given, onBegun });
  if (answer.kind === 'done') return merge(inputs, answer.replies.map(outcomeOf));
  let next = 0;
  const again = answer.inputs.map(({ input }): RunOutcome => {
    while (inputs[next]?.status === 'rejected') next += 1;
    const run = runs[next] as QueuedRun;
    next += 1;
    return { ok: 'again', work: Object.assign(run, { input, ...WAITING }) };
  });
  return merge(inputs, again);
}

const WAITING = { isPosted: false, serving: undefined } as const;

function highest(runs: readonly QueuedRun[]): Priority {
  const ranks = runs.map(({ priority }) => PRIORITIES.indexOf(priority));
  return PRIORITIES[Math.min(...ranks)] as Priority;
}

/** A picture that turned out broken on this side fails as one that does on the other. */
function merge(
  inputs: readonly PromiseSettledResult<WireInput>[],
  outcomes: readonly RunOutcome[],
): RunOutcome[] {
  let next = 0;
  return inputs.map((input) => {
    if (input.status === 'rejected') return { ok: false, error: input.reason };
    next += 1;
    return outcomes[next - 1] as RunOutcome;
  });
}

function outcomeOf(reply: Reply<RunReply>): RunOutcome {
  return reply.ok ? reply : { ok: false, error: fromWireError(reply.error) };
}

/**
 * The watch starts when the worker begins the batch: before that it runs another, which has a watchdog of its
 * own. A batch that is never begun is ended after twice the time.
 */
async function watched<Result>(
  { kill, watchdogMs }: { kill: (reason: NearsideError) => void; watchdogMs: number },
  work: (startWatch: () => void) => Promise<Result>,
): Promise<Result> {
  const endSilent = () => kill(terminated(`no answer within ${watchdogMs} ms`));
  let stop: (() => void) | undefined;
  const working = work(() => {
    stop?.();
    stop = startAwakeTimer(watchdogMs, endSilent);
  });
  stop ??= startAwakeTimer(2 * watchdogMs, endSilent);
  try {
    return await working;
  } finally {
    stop();
  }
}

/** @param details `isOwn`: a caller wanted it, and nobody is to blame */
function terminated(why: string, details: { isOwn?: boolean } = {}): NearsideError {
  return new NearsideError(
    'terminated',
    `Expected a result, but the run's worker was ended: ${why}. Another worker takes its place.`,
    { retryable: true, details },
  );
}

/**
 * Up to this size an input is copied to the worker instead of given, and kept until there is a result,
 * bytes. The copy is the page's own time: 0.06 ms for this much in Chromium 156, 4.7 ms for 4 MiB
 * (docs/decisions/0009).
 */
export const RETAINED_BYTES = 64 * 1024;

/**
 * True for an input that is still there when the worker that had it is gone: a Blob, which crosses by
 * reference, or one so small that it is copied. Bitmaps and frames are given away.
 */
export function isRetained(input: WireInput): boolean {
  let sizeBytes = 0;
  for (const owned of transferablesOf(input)) {
    if (!(owned instanceof ArrayBuffer) || owned.byteLength === 0) return false; // it was given away
    sizeBytes += owned.byteLength;
  }
  return sizeBytes <= RETAINED_BYTES;
}
