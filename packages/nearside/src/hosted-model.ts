import {
  type InstalledVersion,
  type ModelInstallation,
  openModelInstallation,
  openStore,
  parseModelAddress,
  variantFiles,
} from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import type { Backend } from './backends/backend.js';
import { LIBRARY_VERSION } from './library-version.js';
import { createLoadProgress } from './load-progress.js';
import type {
  LoadedVariant,
  LoadRequest,
  OpenedVersion,
  OpenRequest,
  RunReply,
  RunRequest,
  WorkerEvent,
} from './protocol.js';
import { runRequest } from './request.js';
import { openSession, type Session } from './session.js';

/** The model that this worker serves, from address to session. */
export interface HostedModel {
  open(request: OpenRequest): Promise<OpenedVersion>;
  load(request: LoadRequest): Promise<LoadedVariant>;
  run(request: RunRequest): Promise<RunReply>;
  update(): Promise<OpenedVersion['release'] | undefined>;
  /** Ends downloads and frees the session; a worker does not need it, it is simply ended. */
  close(): Promise<void>;
}

export function createHostedModel(
  backend: Backend,
  emit: (event: WorkerEvent) => void,
): HostedModel {
  const progress = createLoadProgress((progress) => emit({ nearside: 'progress', progress }));
  const closing = new AbortController();
  let installation: ModelInstallation | undefined;
  let version: InstalledVersion | undefined;
  let session: Session | undefined;
  let healedChunks = 0;
  let running: Promise<unknown> = Promise.resolve();

  return {
    async open({ url, pin, installId, store, request }) {
      progress.enter('metadata');
      installation = openModelInstallation({
        address: parseModelAddress(url),
        pin,
        installId,
        request,
        signal: closing.signal,
        store: openStore('nearside-models', store),
        onEvent: (event) => {
          if (event.type === 'chunk-healed') healedChunks += 1;
          emit({ nearside: 'installation', event });
        },
      });
      version = await installation.open();
      return {
        release: version.release,
        manifestSha256: version.manifestSha256,
        spec: version.spec,
        origin: version.origin,
        arm: version.arm,
        driftEdges: version.digestOf('baseline.json')?.slice(0, 16),
      };
    },

    async load({ variant, runtimeWasm }) {
      const opened = requireStep(version, 'open');
      const prover = `${backend.name}/${variant}/${LIBRARY_VERSION}`;
      const golden = opened.provenBy.includes(prover) ? 'first' : 'all';
      session = await openSession({
        version: opened,
        backend,
        variant,
        runtimeWasm,
        golden,
        progress,
      });
      await installation?.activate(opened, prover);
      return { ...session.loaded, healedChunks };
    },

    run(request) {
      const arrivedMs = performance.now();
      const ready = requireStep(session, 'load');
      const result = running.then(() => runRequest(ready, request, { arrivedMs }));
      running = result.catch(() => {});
      return result;
    },

    async update() {
      const { runtime, name } = requireStep(session, 'load').variant;
      const next = await requireStep(installation, 'open').update(({ spec, golden }) => {
        const variants = spec.variants.filter((candidate) => candidate.runtime === runtime);
        const variant = variants.find((candidate) => candidate.name === name) ?? variants[0];
        return variant ? variantFiles(variant, golden) : [];
      });
      return next?.release;
    },

    async close() {
      closing.abort();
      await running;
      await session?.release();
    },
  };
}

function requireStep<Value>(value: Value | undefined, step: string): Value {
  if (value !== undefined) return value;
  throw new NearsideError(
    'backend-failed',
    `Expected a worker after '${step}', got one before it.`,
  );
}
