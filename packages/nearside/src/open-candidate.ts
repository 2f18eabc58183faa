import { isNearsideError, NearsideError, type Variant } from '@nearside/core';
import { startHost } from '#platform';
import { type Connection, connect } from './connection.js';
import { type ModelEmitter, notify } from './events.js';
import type { OpenOptions, OpenPlan } from './open-options.js';
import type { LoadedVariant, OpenedVersion, WorkerEvent } from './protocol.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { InstallIdentity } from './telemetry/install-identity.js';

/** A backend that serves, and what it took. */
export interface OpenedCandidate {
  readonly connection: Connection;
  readonly backend: AvailableBackend;
  readonly variant: Variant;
  readonly version: OpenedVersion;
  readonly loaded: LoadedVariant;
  /** Backends tried before that failed. */
  readonly quarantined: number;
  /** Worker ready → version verified, ms. */
  readonly metadataMs: number;
}

export interface CandidateContext {
  readonly plan: OpenPlan;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
}

/** Tries the backends in order. Only a backend's own failure leads to the next one. */
export async function openFirstCandidate(context: CandidateContext): Promise<OpenedCandidate> {
  const { plan, emitter } = context;
  const failures: NearsideError[] = [];
  for (const backend of plan.backends) {
    try {
      const candidate = await openCandidate(backend, context);
      emitter.emit('backend-selected', { backend, variant: candidate.variant.name });
      return { ...candidate, quarantined: failures.length };
    } catch (error) {
      if (!isBackendFailure(error)) throw error;
      failures.push(error);
      const { code, message } = error;
      emitter.emit('backend-quarantined', { backend, code, message });
    }
  }
  throw noBackend(plan, failures);
}

async function openCandidate(
  backend: AvailableBackend,
  { plan, identity, emitter }: CandidateContext,
): Promise<Omit<OpenedCandidate, 'quarantined'>> {
  const { signal, assets, request, onProgress } = plan.options;
  const onEvent = (event: WorkerEvent) => forward(event, { emitter, onProgress });
  const connection = await connect(await startHost(backend, assets), { onEvent, signal });
  const onAbort = () => connection.close(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    const startMs = performance.now();
    const { url, pin, store } = plan;
    const version = await connection.open({ url, pin, store, request, installId: identity.id });
    const metadataMs = performance.now() - startMs;
    const variant = requireVariant(backend, version);
    const loaded = await connection.load({
      variant: variant.name,
      runtimeWasm: connection.runtimeWasm,
    });
    return { connection, backend, variant, version, loaded, metadataMs };
  } catch (error) {
    connection.close(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function forward(
  event: WorkerEvent,
  { emitter, onProgress }: { emitter: ModelEmitter; onProgress: OpenOptions['onProgress'] },
): void {
  if (event.nearside === 'progress' && onProgress) notify(onProgress, event.progress);
  if (event.nearside !== 'installation') return;
  const { type, ...details } = event.event;
  emitter.emit(type, details as never);
}

/** The first variant in the spec's order that the backend can load. */
function requireVariant(backend: AvailableBackend, { spec }: OpenedVersion): Variant {
  const runtime = backend.startsWith('onnx') ? 'onnx' : 'tfjs';
  const variant = spec.variants.find((candidate) => candidate.runtime === runtime);
  if (variant) return variant;
  throw new NearsideError(
    'no-backend',
    `${backend}: expected a variant of ${spec.name} for ${runtime}, got only ` +
      `${spec.variants.map((candidate) => candidate.runtime).join(', ')}.`,
    { details: { backend, model: spec.name } },
  );
}

/**
 * A backend that fails makes room for the next; bytes that fail to verify never do, because
 * choosing other bytes is just what an attacker would want.
 */
function isBackendFailure(error: unknown): error is NearsideError {
  return (
    isNearsideError(error) &&
    [
      'no-backend',
      'golden-mismatch',
      'backend-failed',
      'operator-unsupported',
      'out-of-memory',
      'worker-lost',
    ].includes(error.code)
  );
}

function noBackend({ address, options }: OpenPlan, failures: readonly NearsideError[]) {
  const [first] = failures;
  if (options.backend && first) return first;
  return new NearsideError(
    'no-backend',
    `${address.model}: expected a backend that computes the right numbers on this device, got none. ` +
      failures.map(({ message }) => message).join(' '),
    {
      cause: first,
      details: { failures: failures.map(({ code, message }) => ({ code, message })) },
    },
  );
}
