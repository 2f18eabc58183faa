import { isNearsideError, NearsideError, type Variant } from '@nearside/core';
import { startHost } from '#platform';
import { type Connection, connect } from './connection.js';
import { type ModelEmitter, notify } from './events.js';
import type { OpenPlan } from './open-options.js';
import type {
  LoadedVariant,
  OpenedVersion,
  Progress,
  WhichVersion,
  WorkerEvent,
} from './protocol.js';
import { type AvailableBackend, runtimeOf } from './runtime-assets.js';
import type { InstallIdentity } from './telemetry/install-identity.js';

/** A version on a backend that has proven itself, ready for runs. */
export interface Serving {
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

/** What opening a model needs beside the plan. */
export interface ServingContext {
  readonly plan: OpenPlan;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
}

export interface StartOptions {
  readonly which: WhichVersion;
  /** In this order; the plan's by default. */
  readonly backends?: readonly AvailableBackend[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told as soon as it is known which version it will be. */
  readonly onVersion?: (version: OpenedVersion) => void;
  /** Called when everything is fetched; then loading must not take longer than `limitMs`. */
  readonly trial?: { readonly begin: () => Promise<void>; readonly limitMs: number } | undefined;
}

/**
 * Starts workers until one serves: the backends in order, each in a worker of its own. Only a
 * backend's own failure leads to the next one.
 *
 * @returns undefined when there is no such version (a previous one, when there is none)
 * @throws NearsideError `no-backend` with every backend's failure; trust, network and store codes
 */
export async function startServing(
  context: ServingContext,
  options: StartOptions,
): Promise<Serving | undefined> {
  const { plan, emitter } = context;
  const failures: NearsideError[] = [];
  for (const backend of options.backends ?? plan.backends) {
    try {
      const serving = await startOn(backend, context, options);
      if (!serving) return undefined;
      emitter.emit('backend-selected', { backend, variant: serving.variant.name });
      return { ...serving, quarantined: failures.length };
    } catch (error) {
      if (!isBackendFailure(error)) throw error;
      failures.push(error);
      const { code, message } = error;
      emitter.emit('backend-quarantined', { backend, code, message });
    }
  }
  throw noBackend(plan, failures);
}

async function startOn(
  backend: AvailableBackend,
  { plan, identity, emitter }: ServingContext,
  { which, signal, onProgress, onVersion, trial }: StartOptions,
): Promise<Omit<Serving, 'quarantined'> | undefined> {
  const onEvent = (event: WorkerEvent) => {
    if (event.nearside === 'progress' && onProgress) notify(onProgress, event.progress);
    if (event.nearside === 'installation') forwardEvent(event.event, emitter);
  };
  const host = await startHost(backend, plan.options.assets);
  const connection = await connect(host, { onEvent, signal });
  const onAbort = () => connection.close(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    const startMs = performance.now();
    const { url, pin, store, mirrors, policy } = plan;
    const version = await connection.open({
      which,
      url,
      pin,
      store,
      mirrors,
      maxBytes: policy.maxBytes,
      request: plan.options.request,
      installId: identity.id,
      runtimes: [...new Set(plan.backends.map(runtimeOf))],
    });
    if (!version) {
      connection.close(undefined);
      return undefined;
    }
    onVersion?.(version);
    const metadataMs = performance.now() - startMs;
    const variant = requireVariant(backend, version);
    if (trial) await connection.fetch({ variant: variant.name });
    await trial?.begin();
    const loaded = await withinLimit(
      connection.load({ variant: variant.name, runtimeWasm: connection.runtimeWasm }),
      trial?.limitMs,
    );
    return { connection, backend, variant, version, loaded, metadataMs };
  } catch (error) {
    connection.close(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

type InstallationEvent = Extract<WorkerEvent, { nearside: 'installation' }>['event'];

function forwardEvent({ type, ...details }: InstallationEvent, emitter: ModelEmitter): void {
  emitter.emit(type, details as never);
}

/** A worker that hangs in its warm-up is ended by whoever catches this. */
async function withinLimit<Value>(work: Promise<Value>, limitMs?: number): Promise<Value> {
  if (limitMs === undefined) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(hung(limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {}); // it rejects later, when its worker is ended
  }
}

function hung(limitMs: number): NearsideError {
  return new NearsideError(
    'backend-failed',
    `Expected the new version to be loaded and checked within ${limitMs} ms, got no answer. Its ` +
      'worker was ended.',
    { details: { limitMs } },
  );
}

/** The first variant in the spec's order that the backend can load. */
function requireVariant(backend: AvailableBackend, { spec }: OpenedVersion): Variant {
  const runtime = runtimeOf(backend);
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
