import {
  type ModelInstallation,
  openModelInstallation,
  parseModelAddress,
} from '@nearside/artifact';
import { withMemoryFallback } from '@nearside/artifact/fallback-store';
import {
  constantInputs,
  initialState,
  type ModelSpec,
  NearsideError,
  type Store,
  variantOfStage,
} from '@nearside/core';
import { CAPABILITIES } from '@nearside/pipeline';
import { findSmallestDownload } from '../shared/contenders.js';
import type { OpenStore } from '../shared/install.js';
import { LIBRARY_VERSION, readInstallIdentity } from '../shared/install.js';
import {
  closePictures,
  type InstallIdentity,
  type ModelCalls,
  type OpenedVersion,
  type WorkerEvent,
} from '../shared/protocol.js';
import type { RuntimeTraits } from './backends/backend.js';
import { checkSteps } from './compile-steps.js';
import { checkGolden, proofFiles } from './golden-check.js';
import { createHostedStreams } from './hosted-streams.js';
import { type HostedVersion, openSignedVersion, replaceOfOtherTask } from './hosted-version.js';
import { createLoadProgress } from './load-progress.js';
import { prepare, runBatch } from './run-batch.js';
import type { ModelTurns } from './run-turns.js';
import { openSession, requireVariant, type Session, type StageSession } from './session.js';
import type { SharedRuntime } from './shared-runtime.js';
import { requireTask, type Tasks } from './task.js';
import { timeSession } from './time-session.js';
import { openUnsignedVersion } from './unsigned-version.js';

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
  let version: HostedVersion | undefined;
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
  const loaded = () => requireStep(session, 'load');

  const taskOf = ({ task }: ModelSpec) => (Object.hasOwn(tasks, task) ? tasks[task] : undefined);

  /** Takes a version in, unless this worker cannot do its task. */
  function host(hosted: HostedVersion, task?: string): OpenedVersion {
    version = hosted;
    requireTask(hosted.spec, { tasks, wanted: task });
    checkSteps(hosted.spec, taskOf(hosted.spec)); // what does not fit is no backend's fault
    return hosted.described;
  }

  return {
    async open({ which, url, store, task, runtimes, runtime: own, install: known, ...options }) {
      progress.enter('metadata');
      runtime.prepare(own, progress);
      const models = openStore('nearside-models', store);
      void models.get('').catch(() => {}); // any read opens this database while the other one opens
      const install = known ?? (await readInstall(openStore('nearside-reports', store)));
      installation = openModelInstallation({
        ...options,
        address: parseModelAddress(url),
        installId: install.id,
        support: { runtimes, features: CAPABILITIES },
        signal: closing.signal,
        store: models,
        now: Date.now,
        onEvent: (event) => {
          if (event.type === 'chunk-healed') healedChunks += 1;
          emit({ nearside: 'installation', event });
        },
      });
      const opened = await openSignedVersion(installation, which, install);
      const signed =
        opened && (await replaceOfOtherTask(installation, { opened, which, task, install }));
      return signed && host(signed, task);
    },

    async openUnsigned(request) {
      progress.enter('metadata');
      runtime.prepare(request.runtime, progress);
      const install = await readInstall(openStore('nearside-reports', 'memory'));
      return host(await openUnsignedVersion(request, install));
    },

    async fetch({ variant }) {
      const version = opened();
      await version.fetch(requireVariant(version, variant));
    },

    async load({ variant }) {
      const version = opened();
      const proverOn = ({ threads, hardware }: RuntimeTraits) =>
        `${runtime.name}/${variant}/${LIBRARY_VERSION}/${hardware}/${threads}`;
      loading = openSession({
        version,
        runtime,
        variant,
        task: taskOf(version.spec),
        progress,
        isProvenOn: (traits) => version.provenBy.includes(proverOn(traits)),
      });
      session = await loading;
      await version.activate(proverOn(session.loaded));
      return { ...session.loaded, healedChunks, heapBytes: heapBytes() };
    },

    missingBytes: () => missingBytes(opened()),
    async graphs() {
      const { golden, graphs, readFiles } = opened();
      return { golden, files: await readFiles(graphs) };
    },
    async lightest(backends) {
      const version = opened();
      const { isCommon } = version.described;
      const contents = { missingBytes: await missingBytes(version), isCommon };
      return findSmallestDownload(version.spec.variants, backends, contents);
    },

    time: () => turns.take(() => timeSession(loaded())),

    run(request) {
      const ready = loaded();
      return turns.run(request, async () => {
        if (request.tellsBegun) emit({ nearside: 'begun', id: request.id });
        const replies = await (request.stream === undefined
          ? runBatch(ready, request.inputs, () => ({
              flow: ready.pipeline.begin(),
              run: ready.beginRun(),
            }))
          : streams.run(request.stream, request.inputs));
        return { kind: 'done', replies, heapBytes: heapBytes() };
      });
    },
    recall: async (id) => turns.recall(id),
    beginStream: async (id) => streams.begin(id, loaded()),
    endStream: async (id) => streams.end(id),
    async profile({ input, runs }) {
      const { stages, variant, pipeline } = loaded();
      try {
        const { stage } = stages[0] as StageSession; // of several models the first
        const part = variantOfStage(variant, stage);
        const files = await opened().readFiles(part.files);
        const prepared = await prepare(input, pipeline.begin());
        prepared.release();
        const inputs = { ...initialState(stage), ...constantInputs(stage), ...prepared.items[0] };
        const request = { spec: stage, variant: part, files, inputs, runs };
        return await turns.take(async () => runtime.profile?.(request));
      } finally {
        closePictures(input);
      }
    },

    check: (request) => installed().check(request),
    spendTry: (sequence) => installed().spendTry(sequence),
    reject: ({ sequence, failure }) => installed().reject(sequence, failure),
    storage: () => installed().storage(),
    async warm() {
      const { stages, spec, variant } = loaded();
      const { golden, readFiles } = opened();
      if (!golden) return;
      const files = await readFiles(proofFiles(golden, { spec, variant, scope: 'first' }));
      const proof = { spec, variant, files, backend: runtime.name, scope: 'first' } as const;
      const sessions = stages.map(({ bare }) => bare);
      await turns.take(() => checkGolden(sessions, golden, proof));
    },

    async close() {
      closing.abort();
      await Promise.all([installation?.close(), turns.leave().then(release)]);
    },
  };
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

function requireStep<Value>(value: Value | undefined, step: string): Value {
  if (value !== undefined) return value;
  throw new NearsideError('backend-failed', `Expected '${step}' before this, got none.`);
}
