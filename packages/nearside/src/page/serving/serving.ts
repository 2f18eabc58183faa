import type { BootAnswer } from '@nearside/artifact';
import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError, ownFields, type Variant } from '@nearside/core';
import type { AvailableBackend, BackendFailure, OnnxRuntime } from '../../shared/api/backends.js';
import { type ModelEmitter, notify } from '../../shared/api/events.js';
import type { Progress } from '../../shared/api/open-options.js';
import { runsOnCpu, runtimeOf } from '../../shared/contenders.js';
import type { InstallIdentity } from '../../shared/install.js';
import type {
  Answers,
  LoadedVariant,
  OpenedVersion,
  OpenRequest,
  WhichVersion,
  WorkerEvent,
} from '../../shared/protocol.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import { AT_OPENING, type MarkWork, workOf } from '../choice/page-mark.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { type Connection, connect, endingOnFailure } from '../workers/connection.js';
import type { EngineContext } from '../workers/engine-context.js';

/** Data and handles that all parts of one open model share. */
export interface ModelContext {
  readonly plan: OpenPlan;
  readonly engine: EngineContext;
  /** Undefined until a worker has read it. */
  readonly identity: InstallIdentity | undefined;
  readonly emitter: ModelEmitter;
  /** Told of every version that is opened, before a backend loads it. */
  readonly onOpened: ((version: OpenedVersion) => void) | undefined;
  readonly choice: BackendChoice;
  readonly mark: MarkWork;
}

/** A version in a worker of a backend, verified. */
export interface Opened {
  readonly connection: Connection;
  readonly backend: AvailableBackend;
  /** The file of ONNX Runtime; undefined for another runtime. */
  readonly runtime: OnnxRuntime | undefined;
  readonly version: OpenedVersion;
  /** From asking for a worker to its being ready, ms. */
  readonly workerMs: number;
  /** From the worker's being ready to the verified version, ms. */
  readonly metadataMs: number;
  /** Settles when everything is fetched that `load` needs. */
  readonly fetched: Promise<void>;
  /** Loading that takes longer than this after that hangs, ms. */
  readonly warmUpMs: number;
  /** Says that it is being loaded. */
  readonly mark: MarkWork;
}

/** An opened version of which one variant is loaded and has reproduced its golden outputs: ready for runs. */
export interface Serving extends Opened {
  readonly variant: Variant;
  readonly loaded: LoadedVariant;
  /** Backends tried before that did not start, in their order. */
  readonly failures: readonly BackendFailure[];
  /** The failures that are held against their backends. */
  readonly quarantined: readonly BackendFailure[];
  /** Why no backend serves the version, where this stands in for one and the app's own function answers. */
  readonly noBackend: NearsideError | undefined;
}

/** Names one of a backend's workers; by default the first, which models share. */
export interface Place {
  /** In a worker of its own, a hang or crash stops nothing else. As planned, by default. */
  readonly isolate: boolean | undefined;
  /** Counted from 0 on; 0 by default. */
  readonly slot: number | undefined;
}

/** Every field is there, so that none is read from `Object.prototype`. */
export interface OpenOnOptions {
  readonly which: WhichVersion;
  readonly place: Place | undefined;
  /** The repository's answer, where the page has asked it. */
  readonly boot: BootAnswer | undefined;
  /** No other model is put to rest to make room for it. */
  readonly isOptional: boolean;
  /** It is expected to be loaded. */
  readonly isSure: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** For a version that is tried beside the one that serves: it may hang or crash, and so has a worker of its own. */
export const BESIDE: Omit<OpenOnOptions, 'which' | 'signal'> = {
  place: { isolate: true, slot: undefined },
  boot: undefined,
  isOptional: true,
  isSure: false,
  onProgress: undefined,
};

/** The common file has this long to start: a trap in one of its threads is silent, ms. */
const COMMON_MS = 10_000;

/**
 * Takes a place in a worker of one backend and opens a version in it. A failure gives the place back.
 *
 * @returns undefined when there is no such version, as there may be no previous one
 */
export async function openOn(
  backend: AvailableBackend,
  context: ModelContext,
  options: OpenOnOptions,
): Promise<Opened | undefined> {
  const { plan, engine, emitter, choice, mark } = context;
  const { place, signal, onProgress, isSure } = options;
  const fetched = createDeferred<void>();
  const onEvent = (event: WorkerEvent) => {
    if (event.nearside === 'progress') {
      const { progress } = event;
      if (progress.phase === 'check') fetched.resolve();
      if (onProgress) notify(onProgress, progress);
    }
    if (event.nearside === 'installation') {
      const { type, ...details } = event.event;
      emitter.emit(type, details as never);
    }
  };
  // Other backends have one thread, and one file.
  const [threads, runtime] = backend === 'onnx-wasm' ? [plan.threads, choice.onnxRuntime] : [];
  mark(AT_OPENING, { phase: 'opening', backend });
  const askedMs = performance.now();
  const host = await engine.workers.acquire({
    backend,
    assets: plan.assets,
    worker: plan.worker,
    isolate: place?.isolate ?? plan.isolate,
    isUnsigned: plan.unsigned !== undefined,
    slot: place?.slot ?? 0,
    threads,
    runtime,
    isSure,
  });
  const connection = await connect(host, { onEvent, signal });
  return endingOnFailure(connection, signal, async () => {
    const startMs = performance.now();
    const version = await openVersion(connection, context, {
      ...options,
      answers: runsOnCpu(backend) ? undefined : choice.answers,
      runtime: {
        wasm: host.started.runtimeWasm,
        onnxRuntime: runtime,
        stepsFile: host.started.stepsFile,
        threads: plan.threads,
        isSure,
      },
    });
    if (!version) return void connection.close(undefined);
    engine.memory?.makeRoom(version.spec, options.isOptional);
    connection.declare(version.spec.limits.memoryBytes);
    const { warmUpMs: givenMs } = plan.policy;
    const warmUpMs = runtime === 'common' ? Math.min(givenMs, COMMON_MS) : givenMs;
    return {
      connection,
      backend,
      runtime,
      version,
      workerMs: startMs - askedMs,
      metadataMs: performance.now() - startMs,
      fetched: fetched.promise,
      warmUpMs,
      mark,
    };
  });
}

interface VersionRequest extends Pick<OpenRequest, 'which' | 'boot' | 'runtime'> {
  /** Golden cases of an unsigned model that has none. */
  readonly answers: Answers | undefined;
}

async function openVersion(
  connection: Connection,
  { plan, identity, onOpened }: ModelContext,
  { which, boot, answers, runtime }: VersionRequest,
): Promise<OpenedVersion | undefined> {
  const { address, trust, store, mirrors, request, policy, task } = plan;
  const opened = plan.unsigned
    ? await connection.openUnsigned({
        ...plan.unsigned,
        files: { ...plan.unsigned.files, ...answers?.files },
        runtime,
      })
    : await connection.open({
        which,
        boot,
        address,
        trust,
        task,
        store,
        mirrors,
        request,
        maxBytes: policy.maxBytes,
        install: identity,
        runtimes: plan.contenders.map(runtimeOf),
        runtime,
      });
  if (!opened) return undefined;
  const version = ownFields(opened);
  onOpened?.(version);
  return version;
}

/**
 * Loads an opened version and proves it; from then on it is the active version of this device, unless it was
 * opened as the one that is `served`, or unsigned. Loading that takes longer than `policy.warmUpMs` after
 * everything was fetched is `backend-failed`: it may keep other models of the worker waiting.
 */
export async function load(
  opened: Opened,
  variant: Variant,
  { signal }: { signal: AbortSignal | undefined },
): Promise<Serving> {
  const { connection, mark } = opened;
  const contender = { ...opened, variant };
  mark(AT_OPENING, workOf('opening', contender));
  void opened.fetched.then(() => mark(AT_OPENING, workOf('loading', contender)));
  return endingOnFailure(connection, signal, async () => {
    const loading = connection.load({ variant: variant.name });
    const loaded = ownFields(await withinLimit(loading, opened));
    const { spec = opened.version.spec } = loaded;
    const version = { ...opened.version, spec };
    return {
      ...opened,
      version,
      variant,
      loaded,
      failures: [],
      quarantined: [],
      noBackend: undefined,
    };
  });
}

/** A version that hangs blocks its worker, so the worker is ended. */
async function withinLimit<Value>(
  work: Promise<Value>,
  { connection, fetched, warmUpMs }: Opened,
): Promise<Value> {
  const stop = startOnceFetched(fetched, warmUpMs, () => connection.kill(hung(warmUpMs)));
  try {
    return await work;
  } finally {
    stop();
  }
}

/** Calls `act` after a time that begins once everything is fetched. @returns a function that prevents it */
export function startOnceFetched(
  fetched: Promise<void>,
  limitMs: number,
  act: () => void,
): () => void {
  let isStopped = false;
  let stop = () => {};
  void fetched.then(() => {
    if (!isStopped) stop = startAwakeTimer(limitMs, act);
  });
  return () => {
    isStopped = true;
    stop();
  };
}

function hung(limitMs: number): NearsideError {
  return new NearsideError(
    'backend-failed',
    `Expected the version to be loaded and checked within ${limitMs} ms, got no answer. Its ` +
      'worker was ended.',
    { details: { limitMs } },
  );
}
