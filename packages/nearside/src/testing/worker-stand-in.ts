import type { ModelSpec } from '@nearside/core';
import { createBackendChoice, EMPTY_RECORD } from '../page/choice/backend-choice.js';
import { load, type ModelContext, openOn, type Serving } from '../page/serving/serving.js';
import type { EngineContext } from '../page/workers/engine-context.js';
import { createMemoryBudget } from '../page/workers/engine-context.js';
import { createSharedWorkers } from '../page/workers/shared-workers.js';
import type { AvailableBackend } from '../shared/api/backends.js';
import { createModelEmitter } from '../shared/api/events.js';
import {
  type AnsweredCalls,
  type LoadedVariant,
  type ModelCalls,
  type OpenedVersion,
  READY,
  type ServerEndpoint,
  type WorkerEvent,
} from '../shared/protocol.js';
import { answerCalls, reply } from '../worker/serve.js';

/** How a model answers, where it is not as all do; `tell` sends the page an event. */
export type StandIn = (
  backend: AvailableBackend,
  tell: (event: WorkerEvent) => void,
) => Partial<ModelCalls>;

/** The progress of a load that has everything: it may take `policy.warmUpMs` from now on. */
export const FETCHED: WorkerEvent = {
  nearside: 'progress',
  progress: { phase: 'check', loadedBytes: 0, totalBytes: 0, ratio: 0.9, bytesPerSecond: 0 },
};

export const never = () => new Promise<never>(() => {});

const SPEC = {
  name: 'digits',
  version: '1.0.0',
  sequence: 1,
  task: 'tensor',
  variants: [
    { name: 'int8', runtime: 'onnx', dtype: 'int8', files: [] },
    { name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: [] },
    { name: 'uint8', runtime: 'tfjs', dtype: 'uint8', files: [] },
  ],
  limits: { memoryBytes: 10 },
} as unknown as ModelSpec;

export const VERSION = {
  release: { model: 'digits', version: '1.0.0', sequence: 1 },
  manifestSha256: 'a',
  origin: 'store',
  spec: SPEC,
} as unknown as OpenedVersion;

export const LOADED: LoadedVariant = {
  threads: 1,
  hardware: 'cpu',
  verdict: 'proven',
  fetchedBytes: 0,
  healedChunks: 0,
  times: { weights: 0, runtime: 0, session: 0, check: 0 },
};

/**
 * Makes the context that opening a model needs. All of the page is real; the test gives the workers' answers.
 * `asked` are their calls, such as `load tfjs-wasm`.
 */
export function withStandIns(
  standIn: StandIn,
  { plan, memoryBudgetBytes }: { plan?: object; memoryBudgetBytes?: number } = {},
) {
  const asked: string[] = [];
  const workers = createSharedWorkers(async (backend) => {
    const ports = new Set<MessagePort>();
    return {
      runtimeWasm: undefined,
      stepsFile: '',
      isReady: true,
      onFailure() {},
      attach() {
        const { port1, port2 } = new MessageChannel();
        const close = () => port1.close();
        ports.add(port1);
        serveAt(port2, { standIn, backend, asked });
        return { endpoint: port1, close };
      },
      terminate() {
        for (const port of ports) port.close();
      },
    };
  });
  const models: EngineContext['models'] = new Set();
  const memory = createMemoryBudget(memoryBudgetBytes, { workers, models });
  const engine = { workers, models, memory, idleMs: undefined };
  const emitter = createModelEmitter();
  const planned = {
    backends: ['tfjs-wasm', 'onnx-wasm'],
    contenders: ['tfjs-wasm', 'onnx-wasm'],
    policy: { warmUpMs: 60_000, watchdogMs: 120_000 },
    isolate: false,
    tune: { when: 'before-open', maxBytes: 10_000_000, maxMs: 3_000 },
    address: { model: 'digits' },
    ...plan,
  } as unknown as ModelContext['plan'];
  const choice = createBackendChoice(planned, EMPTY_RECORD);
  const context: ModelContext = {
    plan: planned,
    engine,
    emitter,
    choice,
    identity: undefined,
    onOpened: undefined,
    mark() {},
  };

  /** A version that serves on TensorFlow.js. */
  async function serve(): Promise<Serving> {
    const opened = await openOn('tfjs-wasm', context, {
      which: { kind: 'active' },
      place: undefined,
      boot: undefined,
      isOptional: false,
      isSure: true,
      signal: undefined,
      onProgress: undefined,
    });
    const variant = SPEC.variants.find(({ runtime }) => runtime === 'tfjs');
    if (!opened || !variant) throw new Error('expected a version to open');
    return load(opened, variant, { signal: undefined });
  }

  return { context, asked, serve };
}

function serveAt(
  port: MessagePort,
  { standIn, backend, asked }: { standIn: StandIn; backend: AvailableBackend; asked: string[] },
): void {
  const tell = (event: WorkerEvent) => port.postMessage(event);
  const calls: Partial<ModelCalls> = {
    open: async () => VERSION,
    async load() {
      tell(FETCHED);
      return LOADED;
    },
    time: async () => 10,
    missingBytes: async () => ({}),
    fetch: async () => {},
    lightest: async () => undefined,
    spendTry: async () => 1,
    reject: async () => {},
    close: async () => {},
    ...standIn(backend, tell),
  };
  const answer = (name: string, work: (request: never) => Promise<unknown>) => {
    return async (request: never) => {
      asked.push(`${name} ${backend}`);
      return reply(() => work(request), 'backend-failed');
    };
  };
  const api = Object.entries(calls).map(([name, work]) => [name, answer(name, work)]);
  answerCalls(port as unknown as ServerEndpoint, Object.fromEntries(api) as AnsweredCalls);
  port.postMessage(READY);
}

/** Lets messages arrive while the clock is in the test's hands. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
