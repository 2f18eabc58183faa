import {
  type InstalledVersion,
  type ModelInstallation,
  openModelInstallation,
  parseModelAddress,
  variantFiles,
  withMemoryFallback,
} from '@nearside/artifact';
import { type Golden, initialState, NearsideError, type Store } from '@nearside/core';
import type { ModelFiles, RuntimeTraits } from '../backends/backend.js';
import { findLightest } from '../choice/contender-order.js';
import { LIBRARY_VERSION } from '../library-version.js';
import type { OpenStore } from '../platform/open-store.js';
import type { ModelCalls, OpenedVersion, WhichVersion, WorkerEvent } from '../protocol.js';
import type { Tasks } from '../task.js';
import { type InstallIdentity, readInstallIdentity } from '../telemetry/install-identity.js';
import { openUnsignedVersion, type UnsignedVersion } from '../unsigned/unsigned-version.js';
import { checkGolden, goldenFiles } from './golden-check.js';
import { createHostedStreams } from './hosted-streams.js';
import { createLoadProgress } from './load-progress.js';
import { requireTask } from './require-task.js';
import { runBatch, toTensors } from './run-batch.js';
import type { ModelTurns } from './run-turns.js';
import { openSession, requireVariant, type Session, startSession } from './session.js';
import type { SharedRuntime } from './shared-runtime.js';
import { timeSession } from './time-session.js';

export interface HostedModelOptions {
  /** Of the worker, for all its models. */
  readonly runtime: SharedRuntime;
  readonly turns: ModelTurns;
  readonly tasks: Tasks;
  readonly heapBytes: () => number | undefined;
  readonly openStore: OpenStore;
  readonly emit: (event: WorkerEvent) => void;
}

/** One of the models that this worker serves, from address to session. */
export function createHostedModel({
  runtime,
  turns,
  tasks,
  heapBytes,
  openStore,
  emit,
}: HostedModelOptions): ModelCalls {
  const progress = createLoadProgress((progress) => emit({ nearside: 'progress', progress }));
  const closing = new AbortController();
  let installation: ModelInstallation | undefined;
  let version: InstalledVersion | undefined;
  let servesOn = false;
  let unsigned: UnsignedVersion | undefined;
  let session: Session | undefined;
  /** A session that is being made when the model is closed is freed when it is there. */
  let loading: Promise<Session> | undefined;
  let healedChunks = 0;
  const streams = createHostedStreams();

  async function release(): Promise<void> {
    await loading?.catch(() => {});
    const released = session;
    session = undefined;
    await released?.release();
  }

  const installed = () => requireStep(installation, 'open');
  const opened = () => requireStep(version, 'open');

  return {
    async open({ which, url, store, runtimes, install: known, ...options }) {
      progress.enter('metadata');
      const models = openStore('nearside-models', store);
      void models.get('').catch(() => {}); // it opens beside the other: both may keep us waiting
      const install = known ?? (await readInstall(openStore('nearside-reports', store)));
      installation = openModelInstallation({
        ...options,
        address: parseModelAddress(url),
        installId: install.id,
        support: { runtimes },
        signal: closing.signal,
        store: models,
        onEvent: (event) => {
          if (event.type === 'chunk-healed') healedChunks += 1;
          emit({ nearside: 'installation', event });
        },
      });
      version = await openVersion(installation, which);
      servesOn = which.kind === 'served';
      if (version) requireTask(version.spec, tasks);
      return version && describe(version, install);
    },

    async openUnsigned(request) {
      progress.enter('metadata');
      const install = await readInstall(openStore('nearside-reports', 'memory'));
      unsigned = await openUnsignedVersion(request, install);
      requireTask(unsigned.spec, tasks);
      return unsigned.described;
    },

    async fetch({ variant }) {
      const files = variantFiles(requireVariant(opened(), variant), opened().golden);
      await installed().readFiles(opened(), files);
    },

    async load({ variant, runtimeWasm, maxThreads }) {
      const common = { runtime, variant, runtimeWasm, maxThreads, progress };
      if (unsigned) {
        const { spec, golden, readVariant } = unsigned;
        loading = startSession({
          ...common,
          ...{ spec, golden, isProvenOn: () => false },
          read: async (variant) => ({
            files: await readVariant(variant),
            fetchedBytes: 0,
            baseline: undefined,
          }),
        });
        session = await loading;
        const { loaded, spec: complete } = session;
        return { ...loaded, spec: complete, healedChunks, heapBytes: heapBytes() };
      }
      const served = opened();
      const proverOn = ({ threads, hardware }: RuntimeTraits) =>
        `${runtime.name}/${variant}/${LIBRARY_VERSION}/${hardware}/${threads}`;
      loading = openSession({
        ...common,
        version: served,
        readFiles: (names, options) => installed().readFiles(served, names, options),
        isProvenOn: (traits) => served.provenBy.includes(proverOn(traits)),
      });
      session = await loading;
      if (!servesOn) await installed().activate(served, proverOn(session.loaded));
      return { ...session.loaded, healedChunks, heapBytes: heapBytes() };
    },

    missingBytes: () => missingBytes(opened()),

    async lightest(backends) {
      if (unsigned) return undefined;
      return findLightest(opened().spec.variants, backends, await missingBytes(opened()));
    },

    time: () => turns.take(() => timeSession(requireStep(session, 'load'))),

    run(request) {
      const ready = requireStep(session, 'load');
      const stages = { task: tasks[ready.spec.task] };
      return turns.run(request, async () => {
        if (request.tellsBegun) emit({ nearside: 'begun', id: request.id });
        const replies = await (request.stream === undefined
          ? runBatch(ready, request.items, stages)
          : streams.run(request.stream, request.items, stages));
        return { kind: 'done', replies, heapBytes: heapBytes() };
      });
    },
    recall: async (id) => turns.recall(id),
    beginStream: async (id) => streams.begin(id, requireStep(session, 'load')),
    endStream: async (id) => streams.end(id),
    async profile({ input, runs }) {
      const { spec, variant } = requireStep(session, 'load');
      const files = unsigned
        ? await unsigned.readVariant(variant)
        : await installed().readFiles(opened(), variant.files);
      const given = await toTensors(input, { spec, task: tasks[spec.task] });
      const inputs = { ...initialState(spec), ...given };
      return turns.take(async () => runtime.profile?.({ spec, variant, files, inputs, runs }));
    },

    check: (request) => installed().check(request),
    spendTry: (sequence) => installed().spendTry(sequence),
    reject: ({ sequence, failure }) => installed().reject(sequence, failure),
    storage: () => installed().storage(),
    async warm() {
      const ready = requireStep(session, 'load');
      const { golden } = unsigned ?? opened();
      if (!golden) return;
      // Read and verified anew: the session does not keep them.
      const files = unsigned
        ? await unsigned.readVariant(ready.variant)
        : await installed().readFiles(opened(), goldenFiles(golden, ready.variant.name));
      await turns.take(() => proveAgain(ready, { golden, files, backend: runtime.name }));
    },

    async close() {
      closing.abort();
      await Promise.all([installation?.close(), turns.leave().then(release)]);
    },
  };
}

/** The first golden case once more. */
function proveAgain(
  { bare, spec, variant }: Session,
  { golden, ...proof }: { golden: Golden; files: ModelFiles; backend: string },
): Promise<void> {
  return checkGolden(bare, golden, { spec, variant, ...proof, scope: 'first' });
}

async function readInstall(reports: Store): Promise<InstallIdentity> {
  const store = withMemoryFallback(reports);
  try {
    return await readInstallIdentity(store);
  } finally {
    await store.close();
  }
}

function openVersion(installation: ModelInstallation, which: WhichVersion) {
  switch (which.kind) {
    case 'active':
      return installation.open();
    case 'previous':
      return installation.openPrevious(which.failed);
    case 'served':
      return installation.openServed(which.sequence);
    case 'candidate':
      return installation.openCandidate(which.sequence);
  }
}

async function missingBytes(version: InstalledVersion): Promise<Record<string, number>> {
  const { spec, golden } = version;
  const entries = spec.variants.map(async (variant) => {
    return [variant.name, await version.missingBytes(variantFiles(variant, golden))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function describe(version: InstalledVersion, install: InstallIdentity): OpenedVersion {
  const { release, manifestSha256, spec, origin, arm } = version;
  const driftEdges = version.digestOf('baseline.json')?.slice(0, 16);
  return { release, manifestSha256, spec, origin, arm, driftEdges, install };
}

function requireStep<Value>(value: Value | undefined, step: string): Value {
  if (value !== undefined) return value;
  throw new NearsideError(
    'backend-failed',
    `Expected a worker after '${step}', got one before it.`,
  );
}
