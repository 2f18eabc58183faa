import {
  type InstalledVersion,
  type ModelInstallation,
  openModelInstallation,
  parseModelAddress,
  type StorageReport,
  type UpdateCheck,
  variantFiles,
  withMemoryFallback,
} from '@nearside/artifact';
import { NearsideError, type Store } from '@nearside/core';
import type { RuntimeTraits } from './backends/backend.js';
import type { OperatorTime } from './backends/operator-times.js';
import { checkGolden, goldenFiles } from './golden-check.js';
import { LIBRARY_VERSION } from './library-version.js';
import { createLoadProgress } from './load-progress.js';
import type { OpenStore } from './platform/open-store.js';
import type {
  BatchReply,
  CheckRequest,
  FetchRequest,
  LoadedVariant,
  LoadRequest,
  OpenedVersion,
  OpenRequest,
  ProfileRequest,
  RejectRequest,
  RunRequest,
  WhichVersion,
  WorkerEvent,
} from './protocol.js';
import { runBatch, toTensors } from './run-batch.js';
import type { ModelTurns } from './run-turns.js';
import { openSession, requireVariant, type Session } from './session.js';
import type { SharedRuntime } from './shared-runtime.js';
import { type InstallIdentity, readInstallIdentity } from './telemetry/install-identity.js';

/** One of the models that this worker serves, from address to session. */
export interface HostedModel {
  open(request: OpenRequest): Promise<OpenedVersion | undefined>;
  fetch(request: FetchRequest): Promise<void>;
  load(request: LoadRequest): Promise<LoadedVariant>;
  run(request: RunRequest): Promise<BatchReply>;
  recall(id: number): Promise<void>;
  profile(request: ProfileRequest): Promise<readonly OperatorTime[] | undefined>;
  check(request: CheckRequest): Promise<UpdateCheck>;
  spendTry(sequence: number): Promise<number | undefined>;
  reject(request: RejectRequest): Promise<void>;
  storage(): Promise<StorageReport>;
  warm(): Promise<void>;
  /** Ends downloads, lets what is being stored be stored, frees the session. Safe to call twice. */
  close(): Promise<void>;
}

export interface HostedModelOptions {
  /** Of the worker, for all its models. */
  readonly runtime: SharedRuntime;
  readonly turns: ModelTurns;
  readonly heapBytes: () => number | undefined;
  readonly openStore: OpenStore;
  readonly emit: (event: WorkerEvent) => void;
}

export function createHostedModel({
  runtime,
  turns,
  heapBytes,
  openStore,
  emit,
}: HostedModelOptions): HostedModel {
  const progress = createLoadProgress((progress) => emit({ nearside: 'progress', progress }));
  const closing = new AbortController();
  let installation: ModelInstallation | undefined;
  let version: InstalledVersion | undefined;
  let session: Session | undefined;
  /** A session that is being made when the model is closed is freed when it is there. */
  let loading: Promise<Session> | undefined;
  let healedChunks = 0;

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
      const install = known ?? (await readInstall(openStore('nearside-reports', store)));
      installation = openModelInstallation({
        ...options,
        address: parseModelAddress(url),
        installId: install.id,
        support: { runtimes },
        signal: closing.signal,
        store: openStore('nearside-models', store),
        onEvent: (event) => {
          if (event.type === 'chunk-healed') healedChunks += 1;
          emit({ nearside: 'installation', event });
        },
      });
      version = await openVersion(installation, which);
      return version && describe(version, install);
    },

    async fetch({ variant }) {
      const files = variantFiles(requireVariant(opened(), variant), opened().golden);
      await installed().readFiles(opened(), files);
    },

    async load({ variant, runtimeWasm, maxThreads }) {
      const served = opened();
      const proverOn = ({ threads, hardware }: RuntimeTraits) =>
        `${runtime.name}/${variant}/${LIBRARY_VERSION}/${hardware}/${threads}`;
      loading = openSession({
        version: served,
        readFiles: (names, options) => installed().readFiles(served, names, options),
        runtime,
        variant,
        runtimeWasm,
        maxThreads,
        isProvenOn: (traits) => served.provenBy.includes(proverOn(traits)),
        progress,
      });
      session = await loading;
      await installed().activate(served, proverOn(session.loaded));
      return { ...session.loaded, healedChunks, heapBytes: heapBytes() };
    },

    run(request) {
      const arrivedMs = performance.now();
      const ready = requireStep(session, 'load');
      return turns.run(request, async () => {
        emit({ nearside: 'begun', id: request.id });
        const replies = await runBatch(ready, request.items, { arrivedMs });
        return { kind: 'done', replies, heapBytes: heapBytes() };
      });
    },
    recall: async (id) => turns.recall(id),
    async profile({ input, runs }) {
      const { version, variant } = requireStep(session, 'load');
      const { spec } = version;
      const files = await installed().readFiles(opened(), variant.files);
      const inputs = await toTensors(input, spec);
      return turns.take(async () => runtime.profile?.({ spec, variant, files, inputs, runs }));
    },

    check: (request) => installed().check(request),
    spendTry: (sequence) => installed().spendTry(sequence),
    reject: ({ sequence, failure }) => installed().reject(sequence, failure),
    storage: () => installed().storage(),
    async warm() {
      const ready = requireStep(session, 'load');
      const proof = { backend: runtime.name, version: opened(), installation: installed() };
      await turns.take(() => proveAgain(ready, proof));
    },

    async close() {
      closing.abort();
      await Promise.all([installation?.close(), turns.leave().then(release)]);
    },
  };
}

/** The first golden case, read and verified anew: the session does not keep it. */
async function proveAgain(
  session: Session,
  {
    backend,
    version,
    installation,
  }: { backend: string; version: InstalledVersion; installation: ModelInstallation },
): Promise<void> {
  const { variant } = session;
  const names = goldenFiles(version.golden, variant.name);
  const files = await installation.readFiles(version, names);
  await checkGolden(session, version.golden, { variant, files, backend, scope: 'first' });
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
    case 'candidate':
      return installation.openCandidate(which.sequence);
  }
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
