import type { StorageReport, UpdateCheck } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
import * as Comlink from 'comlink';
import type { OperatorTime } from './backends/operator-times.js';
import type { Host } from './platform/host.js';
import {
  type BatchReply,
  type CheckRequest,
  type FetchRequest,
  fromWireError,
  type LoadedVariant,
  type LoadRequest,
  type OpenedVersion,
  type OpenRequest,
  type ProfileRequest,
  READY,
  type RejectRequest,
  type Reply,
  type RunRequest,
  type UnsignedRequest,
  type WorkerApi,
  type WorkerEvent,
} from './protocol.js';
import type { AvailableBackend } from './runtime-assets.js';

/** A worker that says nothing for this long after its start is taken for blocked, ms. */
const HANDSHAKE_MS = 30_000;

/** A worker that is to go may take this long to store what it has begun to store, ms. */
const LAST_STORING_MS = 1000;

/**
 * Calls into one worker. Each rejects with what the worker replied, with `worker-lost` when it
 * died, or with what `close` was given; none stays pending.
 */
export interface Connection {
  open(request: OpenRequest): Promise<OpenedVersion | undefined>;
  openUnsigned(request: UnsignedRequest): Promise<OpenedVersion>;
  fetch(request: FetchRequest): Promise<void>;
  load(request: LoadRequest): Promise<LoadedVariant>;
  missingBytes(): Promise<Readonly<Record<string, number>>>;
  lightest(backends: readonly AvailableBackend[]): Promise<AvailableBackend | undefined>;
  time(): Promise<number>;
  /** @param transfer what is given away with the request */
  run(request: RunRequest, transfer: Transferable[]): Promise<BatchReply>;
  recall(id: number): Promise<void>;
  beginStream(id: number): Promise<void>;
  endStream(id: number): Promise<void>;
  profile(
    request: ProfileRequest,
    transfer: Transferable[],
  ): Promise<readonly OperatorTime[] | undefined>;
  check(request: CheckRequest): Promise<UpdateCheck>;
  spendTry(sequence: number): Promise<number | undefined>;
  reject(request: RejectRequest): Promise<void>;
  storage(): Promise<StorageReport>;
  readonly runtimeWasm: Host['runtimeWasm'];
  /**
   * Rejects every pending call with `reason`, at once, and ends the worker as soon as it stores
   * nothing. Safe to call twice.
   *
   * @returns when the worker is gone
   */
  close(reason: unknown): Promise<void>;
  /** The same, but ends the worker whatever it is doing: for one that does not listen. */
  kill(reason: unknown): void;
}

/**
 * Waits until the worker is ready for calls.
 *
 * @param signal ends the waiting, and the worker
 * @throws NearsideError `worker-blocked`; or `signal.reason`
 */
export async function connect(
  host: Host,
  { onEvent, signal }: { onEvent: (event: WorkerEvent) => void; signal?: AbortSignal | undefined },
): Promise<Connection> {
  const ready = createDeferred<void>();
  /** Rejects of the calls under way: a race would keep every reply for as long as the model. */
  const pending = new Set<(reason: unknown) => void>();
  let answered = false;
  let end: { readonly reason: unknown } | undefined;

  host.endpoint.addEventListener('message', (event) => {
    const { data } = event as MessageEvent;
    if (data === READY) ready.resolve();
    else if (isWorkerEvent(data)) receive(data);
  });
  host.onFailure(({ message, cause }) =>
    die(answered ? lost(message, cause) : blocked(message, cause)),
  );
  host.endpoint.start?.();

  function receive(event: WorkerEvent): void {
    if (event.nearside === 'failed') die(fromWireError(event.error));
    else onEvent(event);
  }

  function die(reason: unknown): void {
    rejectAll(reason);
    host.terminate();
  }

  function rejectAll(reason: unknown): void {
    if (end) return;
    end = { reason };
    ready.reject(reason);
    for (const reject of pending) reject(reason);
    pending.clear();
  }

  const onAbort = () => die(signal?.reason);
  const timer = setTimeout(() => die(blocked('no answer')), HANDSHAKE_MS);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  try {
    await ready.promise;
    answered = true;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }

  const api = Comlink.wrap<WorkerApi>(host.endpoint);

  /** Comlink leaves calls pending for ever when the other side is gone, so `die` rejects them. */
  async function settle<Value>(send: () => Promise<Reply<Value>>): Promise<Value> {
    if (end) throw end.reason;
    const { promise, resolve, reject } = createDeferred<Reply<Value>>();
    pending.add(reject);
    send().then(resolve, reject);
    try {
      const answer = await promise;
      if (!answer.ok) throw fromWireError(answer.error);
      return answer.value;
    } finally {
      pending.delete(reject);
    }
  }

  let closing: Promise<void> | undefined;

  /** WebKit keeps the lock of a worker that is ended in the middle of a transaction, for ever. */
  async function close(reason: unknown): Promise<void> {
    if (!end) {
      rejectAll(reason);
      const limit = createDeferred<void>();
      const timer = setTimeout(limit.resolve, LAST_STORING_MS);
      api.close().then(() => limit.resolve(), limit.resolve);
      await limit.promise;
      clearTimeout(timer);
    }
    host.terminate();
  }

  return {
    open: (request) => settle(() => api.open(request)),
    openUnsigned: (request) => settle(() => api.openUnsigned(request)),
    fetch: (request) => settle(() => api.fetch(request)),
    load: (request) => settle(() => api.load(request)),
    missingBytes: () => settle(() => api.missingBytes()),
    lightest: (backends) => settle(() => api.lightest(backends)),
    time: () => settle(() => api.time()),
    run: (request, transfer) =>
      settle(() => api.run(Comlink.transfer(request, transfer)).catch(rejectUncloneable)),
    recall: (id) => settle(() => api.recall(id)),
    beginStream: (id) => settle(() => api.beginStream(id)),
    endStream: (id) => settle(() => api.endStream(id)),
    profile: (request, transfer) =>
      settle(() => api.profile(Comlink.transfer(request, transfer)).catch(rejectUncloneable)),
    check: (request) => settle(() => api.check(request)),
    spendTry: (sequence) => settle(() => api.spendTry(sequence)),
    reject: (request) => settle(() => api.reject(request)),
    storage: () => settle(() => api.storage()),
    runtimeWasm: host.runtimeWasm,
    close(reason) {
      closing ??= close(reason);
      return closing;
    },
    kill: die,
  };
}

/** What cannot be posted was transferred or closed between the call and its turn. */
function rejectUncloneable(cause: unknown): never {
  throw new NearsideError(
    'input-detached',
    'Expected an input that can be given to the worker, got one that was transferred or closed.',
    { cause },
  );
}

function isWorkerEvent(data: unknown): data is WorkerEvent {
  return typeof data === 'object' && data !== null && 'nearside' in data;
}

function blocked(got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'worker-blocked',
    `Expected the model's worker to start, got: ${got}. Is it served with a JavaScript type, and ` +
      'does the Content-Security-Policy allow it (`worker-src`, `script-src`)?',
    { cause },
  );
}

function lost(got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected the model's worker to keep running, got: ${got}. Open the model again.`,
    { cause, retryable: true },
  );
}
