import {
  callerInputs,
  casesOfStage,
  constantInputs,
  type Golden,
  isServedWith,
  type ModelSpec,
  NearsideError,
  ownFields,
  type Stage,
  stagesOf,
  type TensorSpec,
  type Tensors,
  type Variant,
  variantOfStage,
} from '@nearside/core';
import type { Pipeline, StepTable } from '@nearside/pipeline';
import type { BaselineKey, LoadedVariant } from '../shared/protocol.js';
import type {
  BackendSession,
  ModelFiles,
  ModelTensors,
  RuntimeTraits,
  SessionRequest,
  WeightFiles,
} from './backends/backend.js';
import { carryState } from './carry-state.js';
import { areInStepsFile, checkSteps, compileSteps } from './compile-steps.js';
import { checkGolden, readTensors } from './golden-check.js';
import type { HostedVersion, NamedBaseline } from './hosted-version.js';
import type { LoadProgress } from './load-progress.js';
import { loadSecondFile } from './load-second-file.js';
import type { Answered, SelfCheck, WatchedSession } from './self-check.js';
import type { SharedRuntime } from './shared-runtime.js';
import type { Task } from './task.js';

/** Runs the model of a stage, by its index. */
export type RunStage = (stage: number, inputs: Tensors) => Promise<Tensors>;

/** The model of a stage, loaded. */
export interface StageSession {
  /** Its tensors are always there, said by the publisher or by the file. */
  readonly stage: Stage;
  /** As the runtime has it, which takes and gives state and constants like any tensor: for golden cases. */
  readonly bare: WatchedSession;
  /** Takes and gives what callers do; of a model with state every run is a fresh start. */
  run(inputs: Tensors): Promise<Tensors>;
  /**
   * Inputs to time runs and to warm up with: those of `warmUp` in the first golden case, else that case's own. None without
   * golden cases, until it has answered some itself.
   */
  sample: Tensors;
  /** True where the first axis of all its tensors is free. */
  readonly takesBatches: boolean;
}

/**
 * A variant of a version, loaded on a backend that has proven itself on its golden cases, if it has some.
 */
export interface Session {
  /** In the order in which an input goes through them. */
  readonly stages: readonly StageSession[];
  /** Gives an input what runs the models: all inputs share one, unless a model has state. */
  beginRun(): RunStage;
  /** Its tensors are always there, said by the publisher or by the file. */
  readonly spec: ModelSpec;
  /** Its steps, or its task's, around the run. */
  readonly pipeline: Pipeline;
  readonly variant: Variant;
  readonly baseline: NamedBaseline | undefined;
  /** How many items run together; lowered when memory turns out not to be enough. */
  readonly batchLimit: { max: number };
  readonly loaded: Omit<LoadedVariant, 'healedChunks'>;
  /** Frees what the runtime holds for it. Safe to call twice. */
  release(): Promise<void>;
}

export interface OpenSessionOptions {
  readonly version: HostedVersion;
  readonly runtime: SharedRuntime;
  /** Name of a variant. */
  readonly variant: string;
  /** The app's own worker may have one for the model's task. */
  readonly task: Task | undefined;
  /** Address of `steps.js`, where the page has told it. */
  readonly stepsFile: string | undefined;
  /** True where it has passed all golden cases on this hardware before: then the first, cheap one suffices. */
  readonly isProvenOn: (traits: RuntimeTraits) => boolean;
  readonly progress: LoadProgress;
}

/**
 * Asks whether the backend can run here at all, fetches weights and runtime side by side, starts the
 * runtime, loads the weights, and lets nothing through that does not reproduce the golden outputs.
 *
 * @throws NearsideError environment or backend codes; what reading the version's files throws
 */
export async function openSession(options: OpenSessionOptions): Promise<Session> {
  const { version, runtime, progress } = options;
  const { readsWeightsLater } = runtime;
  const { spec } = version;
  const wanted = requireVariant(version, options.variant);
  if (wanted.runtime !== runtime.runtime) throw wrongRuntime(wanted, runtime);
  const stopwatch = startStopwatch();
  await runtime.requireSupport(wanted);

  const [read, wasm, stepsFile] = await Promise.all([
    stopwatch('weights', async () => {
      const read = await version.readVariant(wanted, progress, { readsWeightsLater });
      progress.arrive('weights'); // some may have come with the metadata
      return read;
    }),
    stopwatch('runtime', () => runtime.compileWasm(progress)),
    loadStepsOf(spec, options),
  ]);
  stopwatch.times.weights += read.fetchMs ?? 0;
  progress.enter('check'); // nothing waits for the network from here on
  const { variant } = read;
  const { sessions, traits, golden, files } = await stopwatch('session', async () => {
    const traits = await runtime.start(wasm);
    const model = { spec, variant, files: read.files, weights: read.weights };
    const proof = await findProof(version, runtime, model);
    return { ...proof, traits, sessions: await createSessions(runtime.createSession, model) };
  });
  progress.started();
  const releaseAll = async () => {
    await Promise.all(sessions.map((session) => session.release()));
  };
  const { described, pipeline } = await stopwatch('check', async () => {
    const described = describe(spec, sessions);
    const pipeline = compileSteps(described, options.task, { resources: files, stepsFile });
    if (golden) {
      await checkGolden(sessions, golden, {
        spec,
        variant,
        files,
        backend: runtime.name,
        scope: options.isProvenOn(traits) ? 'first' : 'all',
      });
    }
    return { described, pipeline };
  }).catch(async (error) => {
    await releaseAll().catch(() => {});
    throw error;
  });
  progress.finish();

  const selfCheck = golden ? undefined : version.selfCheck;
  const stages = stagesOf(described).map((stage, i) => {
    const session = sessions[i] as BackendSession;
    const bare = selfCheck
      ? selfCheck.watchFirstRun(session, stage)
      : { ...session, takeFirstRun: () => undefined };
    return hostStage(bare, { stage, files, golden });
  });
  const hasState = stages.some(({ stage }) => stage.state);
  const run: RunStage = (stage, inputs) => (stages[stage] as StageSession).run(inputs);
  return {
    stages,
    beginRun: () => (hasState ? carryAll(stages) : run),
    spec: described,
    pipeline,
    variant,
    baseline: read.baseline,
    batchLimit: { max: spec.batch?.max ?? 1 },
    loaded: {
      ...traits,
      spec: isSaid(spec) ? undefined : described,
      verdict: !golden ? 'unproven' : isServedWith(golden) ? 'consistent' : 'proven',
      baseline: read.baseline && keyOf(read.baseline),
      distributions: read.baseline?.distributions,
      fetchedBytes: read.fetchedBytes,
      times: stopwatch.times,
    },
    release: releaseAll,
  };
}

/**
 * Loads what the steps of a spec need of `steps.js`, which may be nothing, and checks that they fit each other.
 *
 * @throws NearsideError `assets-unreachable`; what `checkSteps` throws
 */
export async function loadStepsOf(
  spec: ModelSpec,
  { task, stepsFile }: Pick<OpenSessionOptions, 'task' | 'stepsFile'>,
): Promise<StepTable | undefined> {
  if (!areInStepsFile(spec, task)) return undefined;
  const { steps } = await loadSecondFile(stepsFile);
  checkSteps(spec, task, steps);
  return steps;
}

/** A variant with all that its sessions need. */
interface LoadableModel {
  readonly spec: ModelSpec;
  readonly variant: Variant;
  readonly files: ModelFiles;
  readonly weights: WeightFiles;
}

interface Proof {
  readonly golden: Golden | undefined;
  /** With those that the golden cases name. */
  readonly files: ModelFiles;
}

/** The version's golden cases; without them those that a CPU has answered in the same runtime, where it can. */
async function findProof(
  { golden, selfCheck }: HostedVersion,
  { createOnCpu }: SharedRuntime,
  model: LoadableModel,
): Promise<Proof> {
  const answered =
    selfCheck && createOnCpu
      ? await answerInSameRuntime(selfCheck, createOnCpu, model).catch(() => undefined) // then it stays unproven
      : undefined;
  if (!answered?.golden) return { golden, files: model.files };
  const files = new Map<string, Uint8Array>([...model.files, ...answered.files]);
  return { golden: answered.golden, files: files as unknown as ModelFiles };
}

/** The memory of a wasm never shrinks, so its sessions are freed before others are made. */
async function answerInSameRuntime(
  { answerCases }: SelfCheck,
  createOnCpu: NonNullable<SharedRuntime['createOnCpu']>,
  model: LoadableModel,
): Promise<Answered> {
  const { spec, variant } = model;
  const sessions = await createSessions(createOnCpu, model);
  try {
    const models = stagesOf(describe(spec, sessions)).map((stage, i) => {
      return { stage, session: sessions[i] as BackendSession, firstRun: undefined };
    });
    const reference = referenceOf(variant);
    return await answerCases(models, { variant, reference, inTurn: (run) => run() });
  } finally {
    await Promise.all(sessions.map((session) => session.release()));
  }
}

/** The runtime that answers cases on a CPU, as golden.json names it: see `isServedWith`. */
export function referenceOf({ runtime }: Variant): string {
  return runtime === 'onnx' ? 'onnxruntime-web' : 'tfjs-backend-wasm';
}

/** Loads the model of every stage, or none. */
async function createSessions(
  create: (request: SessionRequest) => Promise<BackendSession>,
  { spec, variant, files, weights }: LoadableModel,
): Promise<readonly BackendSession[]> {
  const sessions: BackendSession[] = [];
  try {
    for (const stage of stagesOf(spec)) {
      const request = { spec: stage, variant: variantOfStage(variant, stage), files, weights };
      sessions.push(await create(request));
    }
    return sessions;
  } catch (error) {
    await Promise.all(sessions.map((session) => session.release().catch(() => {})));
    throw error;
  }
}

function isSaid(spec: ModelSpec): boolean {
  return stagesOf(spec).every(({ inputs, outputs }) => inputs.length > 0 && outputs.length > 0);
}

/** A spec with the tensors that the files say, where it leaves them to those. */
function describe(spec: ModelSpec, sessions: readonly BackendSession[]): ModelSpec {
  const [only] = sessions;
  return only && !isSaid(spec) ? ownFields({ ...spec, ...mutable(only.tensors) }, 1) : spec;
}

function hostStage(
  session: WatchedSession,
  { stage, files, golden }: { stage: Stage; files: ModelFiles; golden: Golden | undefined },
): StageSession {
  const constant = constantInputs(stage);
  const isAllAsked = Object.keys(constant).length === 0;
  const run: StageSession['run'] = isAllAsked
    ? session.run
    : (inputs) => session.run({ ...inputs, ...constant });
  const first = golden && casesOfStage(golden, stage)[0];
  return {
    stage,
    bare: session,
    run: stage.state ? (inputs) => carryState(session, stage)(inputs) : run,
    sample: first ? readTensors(files, first.warmUp ?? first.inputs) : {},
    takesBatches: [...callerInputs(stage), ...stage.outputs].every(({ shape }) => shape[0] === -1),
  };
}

export function requireVariant({ spec }: { readonly spec: ModelSpec }, name: string): Variant {
  const variant = spec.variants.find((offered) => offered.name === name);
  if (variant) return variant;
  const names = spec.variants.map((offered) => offered.name).join(', ');
  throw new NearsideError('no-backend', `Expected one of the variants ${names}, got '${name}'.`);
}

/** The app's own worker serves another backend than it was started for. */
function wrongRuntime({ name, runtime }: Variant, backend: SharedRuntime): NearsideError {
  return new NearsideError(
    'no-backend',
    `${backend.name}: expected a variant for ${backend.runtime}, got '${name}' for ${runtime}. Does ` +
      '`worker` start the backend that it is asked for?',
    { details: { backend: backend.name, variant: name } },
  );
}

function mutable({ inputs, outputs }: ModelTensors) {
  const copy = <Spec extends TensorSpec>(tensor: Spec) => ({ ...tensor, shape: [...tensor.shape] });
  return ownFields({ inputs: inputs.map(copy), outputs: outputs.map(copy) }) as Pick<
    ModelSpec,
    'inputs' | 'outputs'
  >;
}

type Step = 'weights' | 'runtime' | 'session' | 'check';

function startStopwatch() {
  const times: Record<Step, number> = { weights: 0, runtime: 0, session: 0, check: 0 };
  async function measure<Value>(step: Step, work: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      times[step] = performance.now() - start;
    }
  }
  return Object.assign(measure, { times });
}

/** Runs that carry the state of every model on, from zeros. */
function carryAll(stages: readonly StageSession[]): RunStage {
  const runs = stages.map(({ bare, stage }) => carryState(bare, stage));
  return (stage, inputs) => (runs[stage] as BackendSession['run'])(inputs);
}

function keyOf({ hash, distributions }: NamedBaseline): BaselineKey {
  const placeOf = (wanted: string) => distributions.findIndex(({ name }) => name === wanted);
  const classes = distributions.find(({ name }) => name === 'class');
  const labels = classes && 'labels' in classes ? classes.labels : [];
  return { hash, confidence: placeOf('confidence'), class: placeOf('class'), labels };
}

/** Short runs are timed together: a clock outside isolated pages ticks in tenths of a millisecond. */
const BURST_MS = 4;

/** @returns mean time of a run of the sample of every stage, outputs included, ms */
export async function timeSession({ stages }: Pick<Session, 'stages'>): Promise<number> {
  const startMs = performance.now();
  let runs = 0;
  let elapsedMs = 0;
  while (runs === 0 || elapsedMs < BURST_MS) {
    for (const { run, sample } of stages) await run(sample);
    runs += 1;
    elapsedMs = performance.now() - startMs;
  }
  return elapsedMs / runs;
}
