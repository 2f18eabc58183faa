import { NearsideError } from '@nearside/core';
import { PRIORITIES, type Priority } from '../../shared/api/run.js';
import { isLostWorker } from '../../shared/failures.js';
import {
  fromWireError,
  type Reply,
  type RunReply,
  transferablesOf,
  type WireInput,
} from '../../shared/protocol.js';
import { startWatch } from '../../shared/timers.js';
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
  for (const run of runs) run.isPosted = true;
  const batch: Batch = {
    id: lastId,
    runs,
    watchdogMs,
    hasBegun: false,
    recall() {
      // The batch's own end says whether it came in time.
      batch.taken?.recall(batch.id).catch(() => {});
    },
    terminate() {
      batch.taken?.kill(terminated('a caller ended it', { isOwn: true }), batch.id);
    },
  };
  const end = handover
    .run((serving) => runIn(serving, batch), runs[0]?.stream?.serving)
    .catch(async (error) => {
      const later = isLostWorker(error) && (await help().catch(() => {}));
      if (later) return later.redoLost(runs, { error, hasBegun: batch.hasBegun });
      for (const { input } of runs) releaseSnapshot(input); // an input that has not left is still here
      throw error;
    });
  return Object.assign(batch, { end });
}

interface Batch extends Omit<PostedBatch<QueuedRun, RunReply>, 'end'> {
  readonly id: number;
  readonly runs: readonly QueuedRun[];
  readonly watchdogMs: number;
  /** The worker that has it. */
  taken?: Connection;
  hasBegun: boolean;
}

async function runIn(serving: Serving, batch: Batch): Promise<readonly RunOutcome[]> {
  const { runs } = batch;
  const { connection } = serving;
  batch.taken = connection;
  for (const run of runs) run.serving = serving;
  const broken = new Map<QueuedRun, unknown>();
  for (const run of runs) {
    if (!(run.input instanceof Promise)) continue; // an await takes time
    await run.input.then(
      (input) => Object.assign(run, { input }),
      (error) => broken.set(run, error), // it fails as one that the worker cannot decode
    );
  }
  const able = runs.filter((run) => !broken.has(run));
  const outcomes = able.length > 0 ? await runWatched(connection, batch, able) : [];
  return runs.map(
    (run): RunOutcome =>
      broken.has(run) ? { ok: false, error: broken.get(run) } : (outcomes.shift() as RunOutcome),
  );
}

/**
 * The watch starts when the worker begins the batch: before that it runs another, which has a watchdog of its
 * own. A batch that is never begun is ended after twice the time.
 */
async function runWatched(
  connection: Connection,
  batch: Batch,
  runs: readonly QueuedRun[],
): Promise<RunOutcome[]> {
  const { watchdogMs } = batch;
  const endSilent = () => {
    batch.hasBegun = true; // this batch is to blame for the silence, begun or not
    connection.kill(terminated(`no answer within ${watchdogMs} ms`), batch.id);
  };
  let stop: (() => void) | undefined;
  const onBegun = () => {
    batch.hasBegun = true;
    stop?.();
    stop = startWatch(watchdogMs, endSilent);
  };
  const request = {
    id: batch.id,
    inputs: runs.map(({ input, topK }) => ({ input: input as WireInput, topK })),
    priority: highest(runs),
    stream: runs[0]?.stream?.id,
  };
  const answered = connection.run(request, { transfer: runs.flatMap(givenAway), onBegun });
  stop ??= startWatch(2 * watchdogMs, endSilent);
  try {
    const answer = await answered;
    return answer.kind === 'done'
      ? answer.replies.map(outcomeOf)
      : answer.inputs.map(({ input }, i) => ({
          ok: 'again',
          work: Object.assign(runs[i] as QueuedRun, { input, isPosted: false, serving: undefined }),
        }));
  } finally {
    stop();
  }
}

/** The buffers and pictures that the page gives up with an input. */
function givenAway({ input, isGiven }: QueuedRun): Transferable[] {
  const given = transferablesOf(input as WireInput);
  return isGiven || !areRetained(given) ? given : [];
}

function highest(runs: readonly QueuedRun[]): Priority | undefined {
  return PRIORITIES.find((wanted) => runs.some(({ priority }) => priority === wanted));
}

function outcomeOf(reply: Reply<RunReply>): RunOutcome {
  return reply.ok ? reply : { ok: false, error: fromWireError(reply.error) };
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
 * True for the parts of an input that is still there when the worker that had it is gone: a Blob, which crosses by
 * reference and has none, or one so small that it is copied. Bitmaps and frames are given away.
 */
function areRetained(parts: readonly Transferable[]): boolean {
  let sizeBytes = 0;
  for (const owned of parts) {
    if (!(owned instanceof ArrayBuffer) || owned.byteLength === 0) return false; // it was given away
    sizeBytes += owned.byteLength;
  }
  return sizeBytes <= RETAINED_BYTES;
}
