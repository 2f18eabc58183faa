import type { ReleaseIdentity } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import * as Comlink from 'comlink';
import { createDeferred } from './deferred.js';
import type { Host } from './platform/host.js';
import {
  fromWireError,
  type LoadedVariant,
  type LoadRequest,
  type OpenedVersion,
  type OpenRequest,
  READY,
  type Reply,
  type RunReply,
  type RunRequest,
  type WorkerApi,
  type WorkerEvent,
} from './protocol.js';

/** A worker that says nothing for this long after its start is taken for blocked, ms. */
const HANDSHAKE_MS = 30_000;

/**
 * Calls into one worker. Each rejects with what the worker replied, with `worker-lost` when it
 * died, or with what `close` was given; none stays pending.
 */
export interface Connection {
  open(request: OpenRequest): Promise<OpenedVersion>;
  load(request: LoadRequest): Promise<LoadedVariant>;
  /** @param transfer what is given away with the request */
  run(request: RunRequest, transfer: Transferable[]): Promise<RunReply>;
  update(): Promise<ReleaseIdentity | undefined>;
  readonly runtimeWasm: Host['runtimeWasm'];
  /** Ends the worker and rejects every pending call with `reason`. Safe to call twice. */
  close(reason: unknown): void;
}

/**
 * Waits until the worker is ready for calls.
 *
 * @throws NearsideError `worker-blocked`
 */
export async function connect(
  host: Host,
  { onEvent }: { onEvent: (event: WorkerEvent) => void },
): Promise<Connection> {
  const death = createDeferred<never>();
  death.promise.catch(() => {});
  const ready = createDeferred<void>();

  host.endpoint.addEventListener('message', (event) => {
    const { data } = event as MessageEvent;
    if (data === READY) ready.resolve();
    else if (isWorkerEvent(data)) receive(data);
  });
  host.onFailure(({ message, cause }) => {
    ready.reject(blocked(message, cause));
    die(lost(message, cause));
  });
  host.endpoint.start?.();

  function receive(event: WorkerEvent): void {
    if (event.nearside === 'failed') die(fromWireError(event.error));
    else onEvent(event);
  }

  function die(reason: unknown): void {
    host.terminate();
    death.reject(reason);
  }

  const timer = setTimeout(() => ready.reject(blocked('no answer')), HANDSHAKE_MS);
  try {
    await Promise.race([ready.promise, death.promise]);
  } catch (error) {
    host.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }

  const api = Comlink.wrap<WorkerApi>(host.endpoint);

  /** Comlink leaves calls pending for ever when the other side is gone, so every call races it. */
  async function settle<Value>(reply: Promise<Reply<Value>>): Promise<Value> {
    const answer = await Promise.race([reply, death.promise]);
    if (!answer.ok) throw fromWireError(answer.error);
    return answer.value;
  }

  return {
    open: (request) => settle(api.open(request)),
    load: (request) => settle(api.load(request)),
    run: (request, transfer) => settle(api.run(Comlink.transfer(request, transfer))),
    update: () => settle(api.update()),
    runtimeWasm: host.runtimeWasm,
    close: die,
  };
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
