import { NearsideError } from '@nearside/core';
import * as Comlink from 'comlink';
import type { Host } from './platform/host.js';
import {
  fromWireError,
  READY,
  type Reply,
  type WorkerApi,
  type WorkerEvent,
} from './protocol.js';

/** A worker that says nothing for this long after its start is taken for blocked, ms. */
const HANDSHAKE_MS = 30_000;

type ValueOf<Method extends keyof WorkerApi> =
  Awaited<ReturnType<WorkerApi[Method]>> extends Reply<infer Value> ? Value : never;

/** Calls into one worker. None stays pending when the worker dies or the connection closes. */
export interface Connection {
  /** @throws NearsideError what the worker replied, `worker-lost`, or what `close` was given */
  call<Method extends keyof WorkerApi>(
    method: Method,
    ...request: Parameters<WorkerApi[Method]>
  ): Promise<ValueOf<Method>>;
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
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => {});
  const ready = Promise.withResolvers<void>();

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
  return {
    runtimeWasm: host.runtimeWasm,
    close: die,
    async call(method, ...request) {
      // Comlink leaves calls pending for ever when the other side is gone, so every call races it.
      const invoke = api[method] as unknown as (...request: unknown[]) => Promise<Reply<unknown>>;
      const reply = await Promise.race([invoke(...request), death.promise]);
      if (!reply.ok) throw fromWireError(reply.error);
      return reply.value as ValueOf<typeof method>;
    },
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
