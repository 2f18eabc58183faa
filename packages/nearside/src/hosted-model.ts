import {
  type InstalledVersion,
  type ModelInstallation,
  openModelInstallation,
  parseModelAddress,
  type StorageReport,
  type UpdateCheck,
  variantFiles,
} from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import type { Backend, RuntimeTraits } from './backends/backend.js';
import { LIBRARY_VERSION } from './library-version.js';
import { createLoadProgress } from './load-progress.js';
import type { OpenStore } from './platform/open-store.js';
import {
  type BatchReply,
  type CheckRequest,
  type FetchRequest,
  type LoadedVariant,
  type LoadRequest,
  type OpenedVersion,
  type OpenRequest,
  type RejectRequest,
  type RunRequest,
  toWireError,
  type UnsignedRequest,
  type WhichVersion,
  type WorkerEvent,
} from './protocol.js';
import { requireTask } from './require-task.js';
import { runBatch } from './run-batch.js';
import { createRunTurns } from './run-turns.js';
import { openSession, requireVariant, type Session, startSession } from './session.js';
import type { Tasks } from './task.js';
import { openUnsignedVersion, type UnsignedVersion } from './unsigned/unsigned-version.js';

/** The model that this worker serves, from address to session. */
export interface HostedModel {
  open(request: OpenRequest): Promise<OpenedVersion | undefined>;
  openUnsigned(request: UnsignedRequest): Promise<OpenedVersion>;
  fetch(request: FetchRequest): Promise<void>;
  load(request: LoadRequest): Promise<LoadedVariant>;
  run(request: RunRequest): Promise<BatchReply>;
  recall(id: number): Promise<void>;
  check(request: CheckRequest): Promise<UpdateCheck>;
  spendTry(sequence: number): Promise<number | undefined>;
  reject(request: RejectRequest): Promise<void>;
  storage(): Promise<StorageReport>;
  /** Ends downloads and frees the session; a worker does not need it, it is simply ended. */
  close(): Promise<void>;
}

export interface HostedModelOptions {
  readonly backend: Backend;
  readonly tasks: Tasks;
  readonly openStore: OpenStore;
  readonly emit: (event: WorkerEvent) => void;
}

export function createHostedModel({
  backend,
  tasks,
  openStore,
  emit,
}: HostedModelOptions): HostedModel {
  const progress = createLoadProgress((progress) => emit({ nearside: 'progress', progress }));
  const closing = new AbortController();
  let installation: ModelInstallation | undefined;
  let version: InstalledVersion | undefined;
  let unsigned: UnsignedVersion | undefined;
  let session: Session | undefined;
  let healedChunks = 0;
  const turns = createRunTurns();

  const installed = () => requireStep(installation, 'open');
  const opened = () => requireStep(version, 'open');
  const onLost = (error: NearsideError) =>
    emit({ nearside: 'failed', error: toWireError(error, 'device-lost') });

  return {
    async open({ which, url, store, runtimes, ...options }) {
      progress.enter('metadata');
      installation = openModelInstallation({
        ...options,
        address: parseModelAddress(url),
        support: { runtimes },
        signal: closing.signal,
        store: openStore('nearside-models', store),
        onEvent: (event) => {
          if (event.type === 'chunk-healed') healedChunks += 1;
          emit({ nearside: 'installation', event });
        },
      });
      version = await openVersion(installation, which);
      if (version) requireTask(version.spec, tasks);
      return version && describe(version);
    },

    async openUnsigned(request) {
      progress.enter('metadata');
      unsigned = await openUnsignedVersion(request);
      requireTask(unsigned.spec, tasks);
      return unsigned.described;
    },

    async fetch({ variant }) {
      const files = variantFiles(requireVariant(opened(), variant), opened().golden);
      await installed().readFiles(opened(), files);
    },

    async load({ variant, runtimeWasm }) {
      const common = { backend, variant, runtimeWasm, progress, onLost };
      if (unsigned) {
        const { spec, golden, readVariant } = unsigned;
        session = await startSession({
          ...common,
          ...{ spec, golden, isProvenOn: () => false },
          read: async (variant) => ({
            files: await readVariant(variant),
            fetchedBytes: 0,
            baseline: undefined,
          }),
        });
        return { ...session.loaded, spec: session.spec, healedChunks };
      }
      const served = opened();
      const proverOn = ({ threads, hardware }: RuntimeTraits) =>
        `${backend.name}/${variant}/${LIBRARY_VERSION}/${hardware}/${threads}`;
      session = await openSession({
        ...common,
        version: served,
        readFiles: (names, options) => installed().readFiles(served, names, options),
        isProvenOn: (traits) => served.provenBy.includes(proverOn(traits)),
      });
      await installed().activate(served, proverOn(session.loaded));
      return { ...session.loaded, healedChunks };
    },

    run(request) {
      const arrivedMs = performance.now();
      const ready = requireStep(session, 'load');
      return turns.run(request, async () => ({
        kind: 'done',
        replies: await runBatch(ready, request.items, { arrivedMs, task: tasks[ready.spec.task] }),
      }));
    },
    recall: async (id) => turns.recall(id),

    check: (request) => installed().check(request),
    spendTry: (sequence) => installed().spendTry(sequence),
    reject: ({ sequence, failure }) => installed().reject(sequence, failure),
    storage: () => installed().storage(),

    async close() {
      closing.abort();
      await turns.idle();
      await session?.release();
    },
  };
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

function describe(version: InstalledVersion): OpenedVersion {
  const { release, manifestSha256, spec, origin, arm } = version;
  const driftEdges = version.digestOf('baseline.json')?.slice(0, 16);
  return { release, manifestSha256, spec, origin, arm, driftEdges };
}

function requireStep<Value>(value: Value | undefined, step: string): Value {
  if (value !== undefined) return value;
  throw new NearsideError(
    'backend-failed',
    `Expected a worker after '${step}', got one before it.`,
  );
}
