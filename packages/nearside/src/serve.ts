import type { ErrorCode } from '@nearside/core';
import * as Comlink from 'comlink';
import type { Backend } from './backends/backend.js';
import { isThreadTrial } from './backends/cpu-threads.js';
import { createHostedModel } from './hosted-model.js';
import type { TensorInput } from './input.js';
import { type OpenStore, openBrowserStore } from './platform/open-store.js';
import {
  type BatchReply,
  READY,
  type Reply,
  type RunReply,
  toWireError,
  transferablesOf,
  type WorkerApi,
  type WorkerEvent,
} from './protocol.js';
import type { Tasks } from './task.js';

/** One end of a channel: a worker's own scope, or a port. */
export type ServerEndpoint = Comlink.Endpoint;

/** Starts serving on an endpoint. @returns a function that ends it and frees the model */
export type Attach = (
  endpoint: ServerEndpoint,
  environment?: { readonly openStore: OpenStore },
) => () => Promise<void>;

export interface ServeOptions {
  /** From `nearside/worker/<backend>`. */
  readonly backend: Backend;
  /** How models are run whose `task` the library does not know. */
  readonly tasks?: Tasks | undefined;
}

/**
 * Serves models with one backend: what a worker file calls, once, at its top level. In a worker it
 * starts at once; elsewhere (Node, inline) the returned function starts it on a port.
 */
export function serve({ backend, tasks = {} }: ServeOptions): Attach {
  const attach: Attach = (endpoint, { openStore } = { openStore: openBrowserStore }) =>
    attachTo(endpoint, { backend, tasks, openStore });
  if (isOurWorker()) attach(globalThis as unknown as ServerEndpoint);
  return attach;
}

function attachTo(
  endpoint: ServerEndpoint,
  { backend, tasks, openStore }: { backend: Backend; tasks: Tasks; openStore: OpenStore },
): () => Promise<void> {
  const emit = (event: WorkerEvent) => endpoint.postMessage(event);
  const model = createHostedModel({ backend, tasks, openStore, emit });
  const api: WorkerApi = {
    open: (request) => reply(() => model.open(request), 'backend-failed'),
    openUnsigned: (request) => reply(() => model.openUnsigned(request), 'backend-failed'),
    fetch: (request) => reply(() => model.fetch(request), 'network-failed'),
    load: (request) => reply(() => model.load(request), 'backend-failed'),
    missingBytes: () => reply(() => model.missingBytes(), 'store-unavailable'),
    lightest: (backends) => reply(() => model.lightest(backends), 'store-unavailable'),
    time: () => reply(() => model.time(), 'backend-failed'),
    run: async (request) => transferAll(await reply(() => model.run(request), 'backend-failed')),
    profile: (request) => reply(() => model.profile(request), 'backend-failed'),
    recall: (id) => reply(() => model.recall(id), 'backend-failed'),
    beginStream: (id) => reply(() => model.beginStream(id), 'backend-failed'),
    endStream: (id) => reply(() => model.endStream(id), 'backend-failed'),
    check: (request) => reply(() => model.check(request), 'network-failed'),
    spendTry: (sequence) => reply(() => model.spendTry(sequence), 'store-unavailable'),
    reject: (request) => reply(() => model.reject(request), 'store-unavailable'),
    storage: () => reply(() => model.storage(), 'store-unavailable'),
    close: () => reply(() => model.close(), 'backend-failed'),
  };
  reportUnhandled(emit);
  Comlink.expose(api, endpoint);
  endpoint.postMessage(READY);
  return () => model.close();
}

/** Nothing is thrown across the boundary: Comlink would keep only an error's message. */
async function reply<Value>(
  work: () => Promise<Value>,
  otherwise: ErrorCode,
): Promise<Reply<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toWireError(error, otherwise) };
  }
}

/** Output tensors are transferred where their buffer holds nothing else; recalled inputs all are. */
function transferAll(answer: Reply<BatchReply>): Reply<BatchReply> {
  if (!answer.ok) return answer;
  const { value } = answer;
  const given =
    value.kind === 'recalled'
      ? value.items.flatMap(({ input }) => transferablesOf(input))
      : value.replies.flatMap(outputBuffers);
  return Comlink.transfer(answer, [...new Set(given)]);
}

function outputBuffers(reply: Reply<RunReply>): ArrayBuffer[] {
  const output = reply.ok
    ? (reply.value.output as Partial<TensorInput> | null | undefined)
    : undefined;
  return Object.values(output?.tensors ?? {}).flatMap((tensor) => {
    const data: unknown = tensor?.data;
    if (!ArrayBuffer.isView(data) || !(data.buffer instanceof ArrayBuffer)) return [];
    return data.byteLength === data.buffer.byteLength ? [data.buffer] : [];
  });
}

/** An unhandled rejection in a worker never reaches `worker.onerror` (measured, Chromium 156). */
function reportUnhandled(emit: (event: WorkerEvent) => void): void {
  if (!isOurWorker()) return;
  globalThis.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) =>
    emit({ nearside: 'failed', error: toWireError(reason, 'worker-lost') }),
  );
}

/** A dedicated worker, but not one that was started from this same file for a thread. */
function isOurWorker(): boolean {
  const scope = globalThis as { DedicatedWorkerGlobalScope?: unknown; name?: string };
  const isThread = scope.name?.startsWith('em-pthread') || isThreadTrial();
  return scope.DedicatedWorkerGlobalScope !== undefined && !isThread;
}
