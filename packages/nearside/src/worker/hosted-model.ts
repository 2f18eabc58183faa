import {
  type InstallationEvent,
  type ModelInstallation,
  openModelInstallation,
  openSealedInstallation,
} from '@nearside/artifact';
import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import {
  casesOfStage,
  constantInputs,
  initialState,
  type ModelSpec,
  NearsideError,
  type Store,
  variantOfStage,
} from '@nearside/core';
import { CAPABILITIES } from '@nearside/pipeline';
import type { AvailableBackend, OperatorTime } from '../shared/api/backends.js';
import { findSmallestDownload } from '../shared/contender-order.js';
import { type InstallIdentity, readInstallIdentity } from '../shared/install.js';
import { LIBRARY_VERSION } from '../shared/library-version.js';
import type { OpenStore } from '../shared/open-store.js';
import {
  type Answers,
  type BatchReply,
  closePictures,
  type LoadedVariant,
  type ModelCalls,
  type OpenedVersion,
  type OpenRequest,
  type ProfileRequest,
  type RunRequest,
  type RuntimeRequest,
  type UnsignedRequest,
  type VersionGraphs,
  type WorkerEvent,
} from '../shared/protocol.js';
import type { ModelFiles, RuntimeTraits } from './backends/backend.js';
import { fewerThreads } from './backends/cpu-features.js';
import { checkSteps } from './compile-steps.js';
import { checkGolden, proofFiles, readTensors } from './golden-check.js';
import { createHostedStreams, type HostedStreams } from './hosted-streams.js';
import { type HostedVersion, openInstalledVersion, replaceOfOtherTask } from './hosted-version.js';
import { createLoadProgress, type LoadProgress, type OwnFile } from './load-progress.js';
import { loadSecondFile } from './load-second-file.js';
import { prepare, runBatch } from './run-batch.js';
import type { ModelTurns } from './run-turns.js';
import { createRunSamples, type RunSamples } from './sample-runs.js';
import {
  loadStepsOf,
  openSession,
  referenceOf,
  requireVariant,
  type Session,
  type StageSession,
  timeSession,
} from './session.js';
import type { SharedRuntime } from './shared-runtime.js';
import { requireTask, type Task, type Tasks } from './task.js';

export interface HostedModelOptions {
  /** All models of the worker share it. */
  readonly runtime: SharedRuntime;
  readonly turns: ModelTurns;
  readonly tasks: Tasks;
  readonly heapBytes: () => number | undefined;
  readonly openStore: OpenStore;
  readonly ownFile: OwnFile;
  readonly emit: (event: WorkerEvent) => void;
}

/** A model on its way from address to session. */
interface HostedModel extends HostedModelOptions {
  readonly progress: LoadProgress;
  readonly streams: HostedStreams;
  readonly samples: RunSamples;
  /** Ends what is under way when the model is closed. */
  readonly closing: AbortController;
  /** Address of `steps.js`, as the page has told it. */
  stepsFile: string | undefined;
  /** As the page asks for them. */
  threads: number | undefined;
  installation: ModelInstallation | undefined;
  version: HostedVersion | undefined;
  session: Session | undefined;
  /** A session that is being made when the model is closed is freed when it is there. */
  loading: Promise<Session> | undefined;
  healedChunks: number;
}

/** Serves one of this worker's models, from address to session. */
export function createHostedModel(options: HostedModelOptions): ModelCalls {
  const { emit, turns, ownFile } = options;
  const model: HostedModel = {
    ...options,
    progress: createLoadProgress((progress) => emit({ nearside: 'progress', progress }), ownFile),
    streams: createHostedStreams(),
    samples: createRunSamples(),
    closing: new AbortController(),
    stepsFile: undefined,
    threads: undefined,
    installation: undefined,
    version: undefined,
    session: undefined,
    loading: undefined,
    healedChunks: 0,
  };
  return {
    open: (request) => open(model, request),
    openUnsigned: (request) => openUnsigned(model, request),
    fetch: ({ variant }) => fetchVariant(model, variant),
    load: ({ variant }) => load(model, variant),
    missingBytes: () => missingBytes(opened(model)),
    graphs: () => readGraphs(opened(model)),
    lightest: (backends) => findLightest(opened(model), backends),
    answer: () => answer(model),
    time: () => turns.take(() => timeSession(loaded(model))),
    run: (request) => run(model, request),
    sample: async (next) => model.samples.take(next),
    recall: async (id) => turns.recall(id),
    beginStream: async (id) => model.streams.begin(id, loaded(model)),
    endStream: async (id) => model.streams.end(id),
    profile: (request) => profile(model, request),
    check: (request) => installed(model).check(request),
    spendTry: (sequence) => installed(model).spendTry(sequence),
    reject: ({ sequence, failure }) => installed(model).reject(sequence, failure),
    storage: () => installed(model).storage(),
    warm: () => warm(model),
    close: () => close(model),
  };
}

async function open(model: HostedModel, request: OpenRequest): Promise<OpenedVersion | undefined> {
  const { which, trust, store, task, runtimes, runtime: own, install: known, ...options } = request;
  const { progress, openStore, closing, emit } = model;
  progress.enter('metadata');
  prepareRuntime(model, own);
  const models = openStore('nearside-models', store);
  void models.get('').catch(() => {}); // any read opens this database while the other one opens
  const install = known ?? (await readInstall(openStore('nearside-reports', store)));
  const shared = {
    ...options,
    support: { runtimes, features: CAPABILITIES },
    signal: closing.signal,
    store: models,
    now: Date.now,
    onEvent: (event: InstallationEvent) => {
      if (event.type === 'chunk-healed') model.healedChunks += 1;
      emit({ nearside: 'installation', event });
    },
  };
  const installation =
    trust.sealSha256 === undefined
      ? openModelInstallation({ ...shared, pin: trust.pin, installId: install.id })
      : await openSealedInstallation({ ...shared, sealSha256: trust.sealSha256 });
  model.installation = installation;
  const opened = await openInstalledVersion(installation, which, install);
  const version =
    opened && (await replaceOfOtherTask(installation, { opened, which, task, install }));
  return version && host(model, version, task);
}

async function openUnsigned(model: HostedModel, request: UnsignedRequest): Promise<OpenedVersion> {
  const { progress, openStore } = model;
  progress.enter('metadata');
  prepareRuntime(model, request.runtime);
  const [{ openUnsignedVersion }, install] = await Promise.all([
    loadSecondFile(model.stepsFile),
    readInstall(openStore('nearside-reports', 'memory')),
  ]);
  return host(model, await openUnsignedVersion(request, install));
}

function prepareRuntime(model: HostedModel, request: RuntimeRequest): void {
  model.stepsFile = request.stepsFile;
  model.threads = request.threads;
  model.runtime.prepare(request, model.progress);
}

/** Takes a version in, unless this worker cannot do its task. */
function host(model: HostedModel, version: HostedVersion, task?: string): OpenedVersion {
  const { tasks } = model;
  model.version = version;
  requireTask(version.spec, { tasks, wanted: task });
  checkSteps(version.spec, taskOf(version.spec, tasks)); // what does not fit is no backend's fault
  return version.described;
}

async function fetchVariant(model: HostedModel, variant: string): Promise<void> {
  const { tasks, stepsFile } = model;
  const version = opened(model);
  const { spec } = version;
  await Promise.all([
    version.fetch(requireVariant(version, variant)),
    loadStepsOf(spec, { task: taskOf(spec, tasks), stepsFile }),
  ]);
}

async function load(model: HostedModel, variant: string): Promise<LoadedVariant> {
  const { runtime, progress, tasks, stepsFile, heapBytes } = model;
  const version = opened(model);
  const proverOn = ({ threads, hardware }: RuntimeTraits) =>
    `${runtime.name}/${variant}/${LIBRARY_VERSION}/${hardware}/${threads}`;
  model.loading = openSession({
    version,
    runtime,
    variant,
    task: taskOf(version.spec, tasks),
    stepsFile,
    progress,
    isProvenOn: (traits) => version.provenBy.includes(proverOn(traits)),
  });
  const session = await model.loading;
  model.session = session;
  const { loaded } = session;
  const { times } = loaded;
  const provenMs = performance.now();
  await version.activate(proverOn(loaded));
  return {
    ...loaded,
    times: { ...times, check: times.check + performance.now() - provenMs },
    threadsReason: whyFewer(model, loaded),
    healedChunks: model.healedChunks,
    heapBytes: heapBytes(),
  };
}

/** Backends without threads do not know how many were asked for. */
function whyFewer(
  { threads: asked = 1, runtime }: HostedModel,
  { threads, threadsReason }: Pick<RuntimeTraits, 'threads' | 'threadsReason'>,
): string | undefined {
  if (threadsReason || asked <= threads) return threadsReason;
  return fewerThreads(threads, asked, `${runtime.name} has no more`);
}

function run(model: HostedModel, request: RunRequest): Promise<BatchReply> {
  const { turns, emit, streams, samples, heapBytes } = model;
  const { id, inputs, stream, tellsBegun } = request;
  const session = loaded(model);
  const nextWay = () => ({ flow: session.pipeline.begin, run: session.beginRun() });
  return turns.run(request, async () => {
    if (tellsBegun) emit({ nearside: 'begun', id });
    const replies = await (stream === undefined
      ? samples.during(request, () => runBatch(session, inputs, nextWay))
      : streams.run(stream, inputs));
    return { kind: 'done', replies, heapBytes: heapBytes() };
  });
}

async function answer(model: HostedModel): Promise<Answers> {
  const { stages, variant } = loaded(model);
  const { answerCases } = requireStep(opened(model).selfCheck, 'openUnsigned');
  const { golden, files, objections } = await answerCases(
    stages.map(({ stage, bare }) => ({ stage, session: bare, firstRun: bare.takeFirstRun() })),
    { variant, reference: referenceOf(variant), inTurn: model.turns.take },
  );
  if (!golden) return { files: {}, objections };
  for (const hosted of stages) {
    const [first] = casesOfStage(golden, hosted.stage, 'first');
    if (first) hosted.sample = readTensors(files as ModelFiles, first.inputs);
  }
  const json = new Blob([JSON.stringify(golden)]);
  const tensors = [...files].map(([name, bytes]) => [name, new Blob([bytes])] as const);
  return { files: { 'golden.json': json, ...Object.fromEntries(tensors) }, objections };
}

async function profile(
  model: HostedModel,
  { input, runs }: ProfileRequest,
): Promise<readonly OperatorTime[] | undefined> {
  const { runtime, turns } = model;
  const { stages, variant, pipeline } = loaded(model);
  try {
    const { stage } = stages[0] as StageSession; // of several models the first
    const part = variantOfStage(variant, stage);
    const { readWhole, readChunked } = opened(model);
    const files = await readWhole(part.files.slice(0, 1));
    const weights = await readChunked(part.files.slice(1));
    const prepared = await prepare(input, pipeline.begin);
    prepared.release();
    const inputs = { ...initialState(stage), ...constantInputs(stage), ...prepared.items[0] };
    const request = { spec: stage, variant: part, files, weights, inputs, runs };
    return await turns.take(async () => runtime.profile?.(request));
  } finally {
    closePictures(input);
  }
}

async function warm(model: HostedModel): Promise<void> {
  const { runtime, turns } = model;
  const { stages, spec, variant } = loaded(model);
  const { golden, readWhole } = opened(model);
  if (!golden) return;
  const files = await readWhole(proofFiles(golden, { spec, variant, scope: 'first' }));
  const proof = { spec, variant, files, backend: runtime.name, scope: 'first' } as const;
  const sessions = stages.map(({ bare }) => bare);
  await turns.take(() => checkGolden(sessions, golden, proof));
}

async function close(model: HostedModel): Promise<void> {
  const { closing, installation, samples, turns } = model;
  closing.abort();
  for (const { input } of samples.take(undefined)) closePictures(input);
  await Promise.all([installation?.close(), turns.leave().then(() => release(model))]);
}

async function release(model: HostedModel): Promise<void> {
  await model.loading?.catch(() => {});
  const { session } = model;
  model.session = undefined;
  await session?.release();
}

function installed({ installation }: HostedModel): ModelInstallation {
  return requireStep(installation, 'open');
}

function opened({ version }: HostedModel): HostedVersion {
  return requireStep(version, 'open');
}

function loaded({ session }: HostedModel): Session {
  return requireStep(session, 'load');
}

function requireStep<Value>(value: Value | undefined, step: string): Value {
  if (value !== undefined) return value;
  throw new NearsideError('backend-failed', `Expected '${step}' before this, got none.`);
}

function taskOf({ task }: ModelSpec, tasks: Tasks): Task | undefined {
  return Object.hasOwn(tasks, task) ? tasks[task] : undefined;
}

async function readInstall(reports: Store): Promise<InstallIdentity> {
  const store = withMemoryFallback(reports);
  try {
    return await readInstallIdentity(store);
  } finally {
    await store.close();
  }
}

async function missingBytes(version: HostedVersion): Promise<Record<string, number>> {
  const entries = version.spec.variants.map(async (variant) => {
    return [variant.name, await version.missingBytes(variant)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function readGraphs(version: HostedVersion): Promise<VersionGraphs> {
  const { golden, graphs, fileBytes, readWhole } = version;
  return { golden, files: await readWhole(graphs), fileBytes };
}

async function findLightest(
  version: HostedVersion,
  backends: readonly AvailableBackend[],
): Promise<AvailableBackend | undefined> {
  const { isCommon } = version.described;
  const contents = { missingBytes: await missingBytes(version), isCommon };
  return findSmallestDownload(version.spec.variants, backends, contents);
}
