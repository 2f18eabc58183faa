import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
import { transfer } from 'comlink';
import { expectListeners } from '#platform';
import { isLostWorker } from '../../shared/failures.js';
import {
  fromWireError,
  type LoadedVariant,
  type LoadRequest,
  type ModelCalls,
  type ProfileRequest,
  READY,
  type Reply,
  type RunRequest,
  type WorkerEvent,
} from '../../shared/protocol.js';
import type { WorkerFailure } from '../platform/host.js';
import type { Host, WorkerStatus } from './shared-workers.js';

/** Calls that need nothing but to be passed on. */
const PLAIN_CALLS = [
  'open',
  'openUnsigned',
  'fetch',
  'missingBytes',
  'graphs',
  'lightest',
  'time',
  'check',
  'spendTry',
  'reject',
  'storage',
  'warm',
  'recall',
  'beginStream',
  'endStream',
] as const satisfies readonly (keyof ModelCalls)[];

export type PlainCalls = Pick<ModelCalls, (typeof PLAIN_CALLS)[number]>;

/** One function for each of them, made by its name. */
export function passOn(
  toCall: (name: keyof PlainCalls) => (request: never) => Promise<unknown>,
): PlainCalls {
  return Object.fromEntries(PLAIN_CALLS.map((name) => [name, toCall(name)])) as never;
}

/** A worker that says nothing for this long after its start is taken for blocked, ms. */
const HANDSHAKE_MS = 30_000;

/**
 * Calls to one model in a worker. Each rejects with what the worker replied, with `worker-lost` when
 * it died, or with what `close` was given; none stays pending.
 */
export interface Connection extends PlainCalls {
  load: ModelCalls['load'];
  run(request: RunRequest, options: PostOptions): ReturnType<ModelCalls['run']>;
  profile(request: ProfileRequest, transfer: Transferable[]): ReturnType<ModelCalls['profile']>;
  /** The workers it is in: one, or a pool's. */
  readonly workers: readonly WorkerStatus[];
  /** Says what the model needs, bytes. */
  declare(memoryBytes: number): void;
  /** Why it has ended, once it has. */
  readonly end: { readonly reason: unknown } | undefined;
  /**
   * Rejects every pending call with `reason`, at once, and gives the model's place up as soon as it
   * stores nothing; the last one ends the worker. Safe to call twice.
   *
   * @returns when the model is gone
   */
  close(reason: unknown): Promise<void>;
  /**
   * The same, but ends the worker whatever it is doing: for one that does not listen. Other models in
   * it see `worker-lost`.
   *
   * @param batch of a pool only the worker that was given this one
   */
  kill(reason: unknown, batch?: number): void;
}

/** What goes with a batch. */
export interface PostOptions {
  /** What is given away with the request. */
  readonly transfer: Transferable[];
  /** Told when it is the request's turn; at once, where it need not wait for one. */
  readonly onBegun: () => void;
}

/**
 * Waits until the worker is ready for calls.
 *
 * @param signal ends the waiting, and gives the place in the worker up
 * @throws NearsideError `worker-blocked`; or `signal.reason`
 */
export async function connect(
  host: Host,
  { onEvent, signal }: { onEvent: (event: WorkerEvent) => void; signal?: AbortSignal | undefined },
): Promise<Connection> {
  const { worker, api } = host;
  const ready = createDeferred<void>();
  /** Rejects of the calls under way: a race would keep every reply for as long as the model. */
  const pending = new Set<(reason: unknown) => void>();
  /** Runs that wait for their turn there. */
  const begun = new Map<number, () => void>();
  let end: { readonly reason: unknown } | undefined;

  host.endpoint.addEventListener('message', ({ data }) => {
    if (data === READY) ready.resolve();
    else if (isWorkerEvent(data)) receive(data);
  });
  host.endpoint.addEventListener('messageerror', () =>
    die(lost('a message that could not be read', {})),
  );
  host.onFailure((failure) => rejectAll(reasonOf(failure, host.isReady)));
  host.endpoint.start();

  function receive(event: WorkerEvent): void {
    if (event.nearside === 'failed') die(fromWireError(event.error));
    else if (event.nearside === 'begun') begun.get(event.id)?.();
    else onEvent(event);
  }

  function die(reason: unknown): void {
    if (end) return;
    rejectAll(reason);
    host.terminate(reason);
  }

  function rejectAll(reason: unknown): void {
    if (end) return;
    end = { reason };
    ready.reject(reason);
    for (const reject of pending) reject(reason);
    pending.clear();
  }

  const onAbort = () => void close(signal?.reason);
  const stopTimer = startAwakeTimer(HANDSHAKE_MS, () => {
    if (host.isReady) void close(busy());
    else die(blocked('no answer'));
  });
  expectListeners(signal);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  try {
    await ready.promise;
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', onAbort);
  }

  /** Calls stay pending for ever when the other side is gone, so `rejectAll` does that. */
  async function settle<Value>(send: () => Promise<Reply<Value>>): Promise<Value> {
    if (end) throw end.reason;
    const { promise, resolve, reject } = createDeferred<Reply<Value>>();
    pending.add(reject);
    worker.calls += 1;
    try {
      send().then(resolve, reject);
      const answer = await promise;
      if (answer.ok) return answer.value;
      const error = fromWireError(answer.error);
      if (isLostWorker(error)) die(error); // it says so itself
      throw error;
    } finally {
      pending.delete(reject);
      worker.calls -= 1;
    }
  }

  async function run(request: RunRequest, { transfer: given, onBegun }: PostOptions) {
    const tellsBegun = worker.calls > 0; // with nothing else to do it begins at once
    const begin = () => {
      begun.delete(request.id);
      onBegun();
    };
    if (tellsBegun) begun.set(request.id, begin);
    else begin();
    const told = { ...request, tellsBegun };
    try {
      const answer = await settle(() => giving(host.run(transfer(told, given))));
      if (answer.kind === 'done') worker.heapBytes = answer.heapBytes ?? 0;
      return answer;
    } finally {
      begun.delete(request.id);
    }
  }

  async function load(request: LoadRequest): Promise<LoadedVariant> {
    const loaded = await settle(() => api.load(request));
    worker.heapBytes = loaded.heapBytes ?? 0;
    worker.loadedHeapBytes = worker.heapBytes;
    return loaded;
  }

  let closing: Promise<void> | undefined;

  /** WebKit keeps the lock of a worker that is ended in the middle of a transaction, for ever. */
  async function close(reason: unknown): Promise<void> {
    if (end) return;
    const isAtWork = pending.size > begun.size;
    rejectAll(reason);
    await host.release(api.close(), isAtWork);
  }

  return {
    ...passOn((name) => (request) => settle<unknown>(() => api[name](request))),
    load,
    run,
    profile: (request, given) => settle(() => giving(api.profile(transfer(request, given)))),
    workers: [worker],
    declare: host.declare,
    get end() {
      return end;
    },
    close(reason) {
      closing ??= close(reason);
      return closing;
    },
    kill: die,
  };
}

/**
 * An input was cloned at its call: what keeps it here all the same is something of its own. Nothing else
 * rejects, because answers are envelopes.
 */
async function giving<Answer>(posted: Promise<Answer>): Promise<Answer> {
  try {
    return await posted;
  } catch (cause) {
    throw new NearsideError(
      'input-invalid',
      `Expected an input that can be posted, got one that cannot: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function isWorkerEvent(data: Partial<WorkerEvent> | null): data is WorkerEvent {
  return data?.nearside !== undefined;
}

/** `serving/explain-start.ts` says more of it, where it knows the file. */
function blocked(got: string, { cause, script }: Partial<WorkerFailure> = {}): NearsideError {
  return new NearsideError('worker-blocked', `Expected the model's worker to start, got: ${got}.`, {
    cause,
    details: { script },
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

/** For the one that waited: what keeps the worker busy is another model's. */
function busy(): NearsideError {
  return lost('another model in it did not let go of it', { isAnothers: true });
}
