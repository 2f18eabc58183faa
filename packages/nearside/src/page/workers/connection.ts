import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, type Deferred, NearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import { transfer } from '../../shared/comlink.js';
import { isLostWorker } from '../../shared/failures.js';
import {
  type BatchReply,
  fromWireError,
  type ModelCalls,
  type ProfileRequest,
  READY,
  type Reply,
  type RunMessage,
  type RunRequest,
  type WorkerEvent,
} from '../../shared/protocol.js';
import type { WorkerFailure } from '../platform/host.js';
import type { Host, WorkerStatus } from './shared-workers.js';

/** Calls that are passed on as they are. */
const PLAIN_CALLS = [
  'open',
  'openUnsigned',
  'fetch',
  'missingBytes',
  'graphs',
  'lightest',
  'answer',
  'time',
  'check',
  'spendTry',
  'reject',
  'storage',
  'warm',
  'recall',
  'sample',
  'beginStream',
  'endStream',
] as const satisfies readonly (keyof ModelCalls)[];

export type PlainCalls = Pick<ModelCalls, (typeof PLAIN_CALLS)[number]>;

/** Makes a function for each of them. */
export function passOn(
  toCall: (name: keyof PlainCalls) => (request: never) => Promise<unknown>,
): PlainCalls {
  return Object.fromEntries(PLAIN_CALLS.map((name) => [name, toCall(name)])) as never;
}

/** A worker that says nothing for this long after its start is taken for blocked, ms. */
const HANDSHAKE_MS = 30_000;

/**
 * Calls to one model in a worker. Each rejects with the worker's error, with `worker-lost` when the worker
 * died, or with the reason of `close`; none stays pending.
 */
export interface Connection extends PlainCalls {
  load: ModelCalls['load'];
  run(request: RunRequest, options: PostOptions): ReturnType<ModelCalls['run']>;
  profile(request: ProfileRequest, transfer: Transferable[]): ReturnType<ModelCalls['profile']>;
  /** The workers it is in: one, or a pool's. */
  readonly workers: readonly WorkerStatus[];
  /** Declares the bytes that the model needs. */
  declare(memoryBytes: number): void;
  /** Set once it has ended. */
  readonly end: { readonly reason: unknown } | undefined;
  /**
   * Rejects every pending call with `reason`, at once, and gives the model's place up as soon as it
   * stores nothing; the last one ends the worker. Safe to call twice.
   *
   * @returns when the model is gone
   */
  close(reason: unknown): Promise<void>;
  /**
   * The same for a worker that does not listen: it is ended whatever it is doing. Other models in it see
   * `worker-lost`.
   *
   * @param batch in a pool only the worker that was given this batch is ended
   */
  kill(reason: unknown, batch?: number): void;
}

export interface PostOptions {
  readonly transfer: Transferable[];
  /** Told when it is the request's turn; at once, where it need not wait for one. */
  readonly onBegun: () => void;
}

/** A model's connection and its state. */
interface Line {
  readonly host: Host;
  readonly ready: Deferred<void>;
  /** The calls under way, batches by their id: `Promise.race` would keep every reply as long as the model. */
  readonly pending: Map<number | symbol, Deferred<unknown>>;
  /** Runs that wait for their turn there, by id; called when it has come. */
  readonly waiting: Map<number, () => void>;
  end: { readonly reason: unknown } | undefined;
}

/**
 * Waits until the worker is ready for calls.
 *
 * @param signal ends the waiting, and gives the place in the worker up
 * @throws NearsideError `worker-blocked`, for a worker of another version of the library too; or `signal.reason`
 */
export async function connect(
  host: Host,
  { onEvent, signal }: { onEvent: (event: WorkerEvent) => void; signal?: AbortSignal | undefined },
): Promise<Connection> {
  const ready = createDeferred<void>();
  const line: Line = {
    host,
    ready,
    pending: new Map(),
    waiting: new Map(),
    end: undefined,
  };
  host.endpoint.addEventListener('message', ({ data }) => {
    if (data === READY) ready.resolve();
    else if (typeof data === 'string') die(line, blocked(data, { ready: data }));
    else if (isWorkerEvent(data)) receive(line, data, onEvent);
  });
  host.endpoint.addEventListener('messageerror', () =>
    die(line, lost('a message that could not be read', {})),
  );
  host.onFailure((failure) => rejectAll(line, reasonOf(failure, host.started.isReady)));
  host.endpoint.start();

  const stopTimer = startAwakeTimer(HANDSHAKE_MS, () => {
    if (host.started.isReady) void close(line, busy());
    else die(line, blocked('no answer'));
  });
  ready.promise.then(stopTimer, stopTimer);
  const connection = callsOn(line);
  return endingOnFailure(connection, signal, async () => {
    await ready.promise;
    return connection;
  });
}

/** Does one step in a worker; a failure, or the caller's leaving, gives the place in it up. */
export async function endingOnFailure<Result>(
  connection: Connection,
  signal: AbortSignal | undefined,
  step: () => Promise<Result>,
): Promise<Result> {
  expectListeners(signal);
  const onAbort = () => void connection.close(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    return await step();
  } catch (error) {
    void connection.close(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function callsOn(line: Line): Connection {
  const { host } = line;
  const { api, worker } = host;
  let closing: Promise<void> | undefined;
  return {
    ...passOn((name) => (request) => call<unknown>(line, () => api[name](request))),
    async load(request) {
      const loaded = await call(line, () => api.load(request));
      worker.heapBytes = loaded.heapBytes ?? 0;
      worker.loadedHeapBytes = worker.heapBytes;
      return loaded;
    },
    run: (request, options) => postRun(line, request, options),
    profile: (request, given) => call(line, () => api.profile(transfer(request, given))), // `run` has posted its input before
    workers: [worker],
    declare: host.declare,
    get end() {
      return line.end;
    },
    close(reason) {
      closing ??= close(line, reason);
      return closing;
    },
    kill: (reason) => die(line, reason),
  };
}

function receive(line: Line, event: WorkerEvent, onEvent: (event: WorkerEvent) => void): void {
  if (event.nearside === 'ran') line.pending.get(event.id)?.resolve(event.answer);
  else if (event.nearside === 'failed') die(line, fromWireError(event.error));
  else if (event.nearside === 'begun') line.waiting.get(event.id)?.();
  else if (!line.end) onEvent(event); // some were on their way
}

/**
 * Makes a call and waits for its answer, or for its end by `rejectAll`: with the other side gone no answer would come.
 *
 * @param send gives Comlink's answer; that of a batch comes by itself
 * @param id of a batch, for `receive` to find it by; any other call needs only to differ from the rest
 */
async function call<Value>(
  line: Line,
  send: () => Promise<Reply<Value>> | undefined,
  id: number | symbol = Symbol(),
): Promise<Value> {
  if (line.end) throw line.end.reason;
  const { worker } = line.host;
  const answered = createDeferred<Reply<Value>>();
  line.pending.set(id, answered as Deferred<unknown>);
  worker.calls += 1;
  try {
    send()?.then(answered.resolve, answered.reject);
    const answer = await answered.promise;
    if (answer.ok) return answer.value;
    const error = fromWireError(answer.error);
    if (isLostWorker(error)) die(line, error); // the worker itself says that it is lost
    throw error;
  } finally {
    line.pending.delete(id);
    worker.calls -= 1;
  }
}

async function postRun(
  line: Line,
  request: RunRequest,
  { transfer: given, onBegun }: PostOptions,
): Promise<BatchReply> {
  const { host, waiting } = line;
  const { id } = request;
  const tellsBegun = host.worker.calls > 0; // with nothing else to do it begins at once
  const onTurn = () => {
    waiting.delete(id);
    onBegun();
  };
  if (tellsBegun) waiting.set(id, onTurn);
  const message: RunMessage = { nearside: 'run', ...request, tellsBegun };
  const post = () => {
    try {
      host.endpoint.postMessage(message, given);
    } catch (cause) {
      const got = (cause as Error).message; // an input may have been cloned at its call, and yet not be posted
      const message = `Expected an input that can be posted, got: ${got}`;
      throw new NearsideError('input-invalid', message, { cause });
    }
    return undefined;
  };
  try {
    const answered = call<BatchReply>(line, post, id);
    if (!tellsBegun) onTurn(); // only now: it sets a timer, which takes time
    const answer = await answered;
    if (answer.kind === 'done') host.worker.heapBytes = answer.heapBytes ?? 0;
    return answer;
  } finally {
    waiting.delete(id);
  }
}

function die(line: Line, reason: unknown): void {
  if (line.end) return;
  rejectAll(line, reason);
  line.host.terminate(reason);
}

function rejectAll(line: Line, reason: unknown): void {
  if (line.end) return;
  line.end = { reason };
  line.ready.reject(reason);
  for (const { reject } of line.pending.values()) reject(reason);
  line.pending.clear();
}

/** The worker ends what it stores first: WebKit keeps the lock of one that is ended in a transaction, for ever. */
async function close(line: Line, reason: unknown): Promise<void> {
  if (line.end) return;
  const isAtWork = line.pending.size > line.waiting.size; // those that wait are pending too
  rejectAll(line, reason);
  await line.host.release(line.host.api.close(), isAtWork);
}

function isWorkerEvent(data: Partial<WorkerEvent> | null): data is WorkerEvent {
  return data?.nearside !== undefined;
}

/**
 * `serving/later/explain-start.ts` puts a better error in its place, from the details.
 *
 * @param failure `script` is the address of the worker's file; `ready` is the text by which a worker of another version has
 *   said that it is ready
 */
function blocked(
  got: string,
  { cause, script, ready }: Partial<WorkerFailure> & { readonly ready?: string } = {},
): NearsideError {
  return new NearsideError('worker-blocked', `Expected the model's worker to start, got: ${got}.`, {
    cause,
    details: { script, ready },
  });
}

function reasonOf(failure: WorkerFailure, wasReady: boolean): unknown {
  const { message, cause, isAnothers } = failure;
  if (isLostWorker(cause) && !isAnothers) return cause;
  return wasReady ? lost(message, { cause, isAnothers }) : blocked(message, failure);
}

function lost(
  got: string,
  { cause, isAnothers = false }: { cause?: unknown; isAnothers?: boolean | undefined },
): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected the model's worker to keep running, got: ${got}. Another worker takes its place.`,
    { cause, details: { isAnothers }, retryable: true },
  );
}

/** The error for a model that waits for a worker which another model keeps busy. */
function busy(): NearsideError {
  return lost('another model in it did not let go of it', { isAnothers: true });
}
