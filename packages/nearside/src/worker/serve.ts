import { type ErrorCode, NearsideError, ownFields } from '@nearside/core';
import type { TensorInput } from '../shared/api/run.js';
import { checkOptions } from '../shared/check-options.js';
import { expose, transfer } from '../shared/comlink.js';
import { messageOf } from '../shared/failures.js';
import { type OpenStore, openStore as openBrowserStore } from '../shared/open-store.js';
import type { OptionKinds } from '../shared/option-kinds.js';
import {
  type AnsweredCalls,
  type Attach,
  type BatchReply,
  isAttachMessage,
  isRunMessage,
  type ModelCalls,
  READY,
  type Reply,
  type RunReply,
  type RunRequest,
  type ServerEndpoint,
  toWireError,
  transferablesOf,
  type WorkerEvent,
} from '../shared/protocol.js';
import type { Backend } from './backends/backend.js';
import { isThreadTrial } from './backends/cpu-features.js';
import { watchHeap } from './heap-size.js';
import { createHostedModel } from './hosted-model.js';
import { readOwnFile } from './load-progress.js';
import { createRunTurns, type RunTurns } from './run-turns.js';
import { type SharedRuntime, shareRuntime } from './shared-runtime.js';
import type { Tasks } from './task.js';

/**
 * Serves models with one backend: what a worker file calls, once, at its top level. In a worker it
 * takes ports from then on; elsewhere (Node, inline) the returned function takes them. All models
 * share one runtime and take turns.
 *
 * @throws TypeError for wrong options
 */
export function serve(options: ServeOptions): Attach {
  const own = ownFields(options, 1);
  checkServeOptions(own);
  const { backend, tasks = {} } = own;
  const models = new Set<(event: WorkerEvent) => void>();
  const broadcast = (event: WorkerEvent) => {
    for (const emit of models) emit(event);
  };
  const isOurs = isOurWorker();
  const worker: ServingWorker = {
    models,
    tasks,
    turns: createRunTurns(),
    // Elsewhere the scope is the app's own, and so is what it does with WebAssembly.
    heapBytes: isOurs ? watchHeap() : () => undefined,
    runtime: shareRuntime(backend, {
      onLost: (error) => broadcast(failed(error, 'device-lost')),
      hasPage: isOurs,
    }),
  };
  const attach: Attach = (endpoint, environment = { openStore: openBrowserStore }) =>
    attachTo(endpoint, worker, environment);
  if (isOurs) takePorts(attach, broadcast);
  return attach;
}

/** All models of a worker share it. */
interface ServingWorker {
  readonly runtime: SharedRuntime;
  readonly turns: RunTurns;
  readonly tasks: Tasks;
  readonly heapBytes: () => number | undefined;
  /** How to tell each of them something. */
  readonly models: Set<(event: WorkerEvent) => void>;
}

function attachTo(
  endpoint: ServerEndpoint,
  { models, turns, ...worker }: ServingWorker,
  { openStore, timings }: { readonly openStore: OpenStore; readonly timings?: string },
): () => Promise<void> {
  const emit = (event: WorkerEvent) => endpoint.postMessage(event);
  const ownFile = readOwnFile(models.size === 0 ? timings : undefined);
  const model = createHostedModel({ ...worker, openStore, ownFile, emit, turns: turns.join() });
  const close = () => {
    models.delete(emit);
    return model.close();
  };
  models.add(emit);
  answerCalls(endpoint, {
    ...replying(model),
    sample: (next) => answerSample(model, next),
    close: () => reply(close, 'backend-failed'),
  });
  endpoint.postMessage(READY);
  return close;
}

async function answerSample(model: ModelCalls, next: number | undefined) {
  const answer = await reply(() => model.sample(next), 'backend-failed');
  const given = answer.ok ? answer.value.flatMap(({ input }) => transferablesOf(input)) : [];
  return transfer(answer, given);
}

/** Answers what comes to an endpoint: runs, which are plain messages, and what comes through Comlink. */
export function answerCalls(endpoint: ServerEndpoint, { run, ...api }: AnsweredCalls): void {
  const port = postableAnswers(endpoint);
  async function answerRun(request: RunRequest): Promise<void> {
    const answer = await run(request);
    const { id } = request;
    port.postMessage({ nearside: 'ran', id, answer }, transferablesIn(answer));
  }
  // Listeners hear a message in the order in which they were added: this one is before Comlink's, and keeps runs from it.
  endpoint.addEventListener('message', (event: MessageEvent) => {
    const { data } = event;
    if (!isRunMessage(data)) return;
    event.stopImmediatePropagation();
    void answerRun(data);
  });
  expose(api, port);
}

function takePorts(attach: Attach, broadcast: (event: WorkerEvent) => void): void {
  globalThis.addEventListener('message', ({ data }: MessageEvent) => {
    if (isAttachMessage(data)) {
      attach(data.port, { openStore: openBrowserStore, timings: data.timings });
    }
  });
  // An unhandled rejection in a worker never reaches `worker.onerror` (measured, Chromium 156).
  globalThis.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) =>
    broadcast(failed(reason, 'worker-lost')),
  );
  globalThis.postMessage(READY);
}

function failed(error: unknown, otherwise: ErrorCode): WorkerEvent {
  return { nearside: 'failed', error: toWireError(error, otherwise) };
}

/** Calls whose failures, where they have no code, are of the network or of the store. */
const FAILURE_CODES: Partial<Record<keyof ModelCalls, ErrorCode>> = {
  fetch: 'network-failed',
  check: 'network-failed',
  missingBytes: 'store-unavailable',
  lightest: 'store-unavailable',
  spendTry: 'store-unavailable',
  reject: 'store-unavailable',
  storage: 'store-unavailable',
};

/** Every call, answered by an envelope. */
function replying(model: ModelCalls): AnsweredCalls {
  const names = Object.keys(model) as (keyof ModelCalls)[];
  const answer = (name: keyof ModelCalls) => (request: never) =>
    reply<unknown>(() => model[name](request), FAILURE_CODES[name] ?? 'backend-failed');
  return Object.fromEntries(names.map((name) => [name, answer(name)])) as never;
}

/** Nothing is thrown across the boundary: a thrown error keeps only its message. */
export async function reply<Value>(
  work: () => Promise<Value>,
  otherwise: ErrorCode,
): Promise<Reply<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toWireError(error, otherwise) };
  }
}

/** Output tensors and masks are transferred where their buffer holds nothing else; recalled inputs all are. */
function transferablesIn(answer: Reply<BatchReply>): Transferable[] {
  if (!answer.ok) return [];
  const { value } = answer;
  const given =
    value.kind === 'recalled'
      ? value.inputs.flatMap(({ input }) => transferablesOf(input))
      : value.replies.flatMap(outputBuffers);
  return [...new Set(given)];
}

/** Buffers of the arrays called `data`: the output's own, as of a mask, or its tensors'. */
function outputBuffers(reply: Reply<RunReply>): ArrayBuffer[] {
  const output = reply.ok
    ? (reply.value.output as
        | (Partial<TensorInput> & { readonly data?: unknown })
        | null
        | undefined)
    : undefined;
  return [output, ...Object.values(output?.tensors ?? {})].flatMap((holder) => {
    const data = holder?.data as Partial<ArrayBufferView> | null | undefined;
    const buffer = data?.buffer;
    return buffer instanceof ArrayBuffer && data?.byteLength === buffer.byteLength ? [buffer] : [];
  });
}

/** A dedicated worker, but not one that was started from this same file for a thread. */
function isOurWorker(): boolean {
  const scope = globalThis as { DedicatedWorkerGlobalScope?: unknown; name?: string };
  const isThread = scope.name?.startsWith('em-pthread') || isThreadTrial();
  return scope.DedicatedWorkerGlobalScope !== undefined && !isThread;
}

export interface ServeOptions {
  /** From `nearside/worker/<backend>`. */
  readonly backend: Backend;
  /** How models are run whose `task` the library does not know. */
  readonly tasks?: Tasks | undefined;
}

const KINDS: OptionKinds<keyof ServeOptions> = {
  backend: {
    fits: isBackend,
    expected: "a backend from 'nearside/worker/<backend>'",
    isRequired: true,
  },
  tasks: {
    fits: areTasks,
    expected: '{ [task]: { preprocess?, postprocess? } }',
  },
};

/** @throws TypeError, naming the option, expected and got */
export function checkServeOptions(options: ServeOptions): void {
  checkOptions('serve', options, KINDS);
}

function isBackend(backend: unknown): boolean {
  return isObject(backend) && typeof backend.createSession === 'function';
}

/** The namespace of a module is an object too. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function areTasks(tasks: unknown): boolean {
  return isObject(tasks) && Object.values(tasks).every(isTask);
}

function isTask(task: unknown): boolean {
  if (!isObject(task)) return false;
  const stages = [task.preprocess, task.postprocess];
  return stages.every((stage) => stage === undefined || typeof stage === 'function');
}

/**
 * An endpoint at which an answer that cannot be posted becomes one that can: a reply that says so, in
 * place of Comlink's own error, which has no code.
 */
export function postableAnswers(endpoint: ServerEndpoint): ServerEndpoint {
  return {
    addEventListener: (...listener) => endpoint.addEventListener(...listener),
    removeEventListener: (...listener) => endpoint.removeEventListener(...listener),
    start: () => endpoint.start?.(),
    postMessage(message, transfer) {
      try {
        endpoint.postMessage(message, transfer);
      } catch (cause) {
        const answer = unpostable(cause);
        endpoint.postMessage({ ...(message as object), value: answer, answer });
      }
    },
  };
}

function unpostable(cause: unknown): Reply<never> {
  const message = `Expected an answer that can be posted, got: ${messageOf(cause)}`;
  const error = new NearsideError('backend-failed', message, { cause });
  return { ok: false, error: toWireError(error, 'backend-failed') };
}
