import type { BootAnswer } from '@nearside/artifact';
import type { ModelSpec, Variant } from '@nearside/core';
import type { AvailableBackend } from '../../shared/api/backends.js';
import { hasVariantFor } from '../../shared/contenders.js';
import type { OpenedVersion, WhichVersion } from '../../shared/protocol.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import { load, type ModelContext, type Opened, openOn, type Serving } from './serving.js';

/** The two steps of serving a version on a backend. */
export interface StartSteps {
  /** @returns undefined when there is no such version */
  open(backend: AvailableBackend): Promise<Opened | undefined>;
  load(opened: Opened, variant: Variant): Promise<Serving>;
}

/** The end of a try to start a version on a backend. */
export type Attempt =
  | { readonly kind: 'started'; readonly serving: Serving }
  | { readonly kind: 'no-version' }
  /**
   * These start it, in this order: this backend loads no variant of it, or another answers after fewer bytes, or this one needs
   * the full file of ONNX Runtime.
   */
  | { readonly kind: 'elsewhere'; readonly order: readonly AvailableBackend[] }
  /** None that is left loads a variant of it. */
  | { readonly kind: 'no-variant'; readonly spec: ModelSpec }
  /** Every variant has failed here for good. */
  | { readonly kind: 'passed-over' }
  | {
      readonly kind: 'failed';
      readonly error: unknown;
      readonly opened: Opened | undefined;
      readonly variant: Variant | undefined;
    };

/** Helps where the first backend, or the installed version, does not work. It is in the second part. */
export interface StartHelp {
  /** @param first the attempt on the first of the backends */
  tryBackends(
    context: ModelContext,
    backends: readonly AvailableBackend[],
    steps: StartSteps,
    first: Attempt,
  ): Promise<Serving | undefined>;
  /** Serves another version than the active one, which could not be served. @throws the error, where there is none */
  serveOther(
    context: ModelContext,
    failed: {
      readonly error: unknown;
      /** Every version that was opened so far. */
      readonly opened: readonly OpenedVersion[];
      readonly start: StartWhich;
    },
  ): Promise<Serving>;
}

/**
 * Starts a version on the first backend of an order, or on the one that this leads to, which nearly always
 * works; help is loaded where it does not.
 *
 * @returns undefined when there is no such version
 * @throws as `tryBackends`; the failure itself where the help cannot be loaded
 */
export async function startOnBackends(
  context: ModelContext,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
  help: () => Promise<StartHelp>,
): Promise<Serving | undefined> {
  const attempt = await attemptBackend(backends, context, steps);
  switch (attempt.kind) {
    case 'started':
      return settleOn(context, attempt.serving);
    case 'no-version':
      return undefined;
    case 'elsewhere':
      return startOnBackends(context, attempt.order, steps, help);
  }
  const { tryBackends } = await help().catch((error) => {
    throw attempt.kind === 'failed' ? attempt.error : error;
  });
  return tryBackends(context, backends, steps, attempt);
}

/**
 * Opens a version in a worker of the first backend and loads a variant of it, unless the opened version leads
 * to another backend. A worker that does not start is ended.
 *
 * @param backends those left to try, at least one
 */
export async function attemptBackend(
  backends: readonly AvailableBackend[],
  { choice }: Pick<ModelContext, 'choice'>,
  { open, load }: StartSteps,
): Promise<Attempt> {
  const backend = backends[0] as AvailableBackend;
  let opened: Opened | undefined;
  let variant: Variant | undefined;
  try {
    opened = await open(backend);
    if (!opened) return { kind: 'no-version' };
    const { spec, isCommon } = opened.version;
    const order = await orderFor(opened, backends, choice);
    if (!isCommon) choice.onnxRuntime = 'full';
    const isHere = order[0] === backend && (isCommon || opened.runtime !== 'common');
    if (isHere) variant = choice.pickVariant(backend, spec);
    if (variant) return { kind: 'started', serving: await load(opened, variant) };
    void opened.connection.close(undefined);
    if (isHere) return { kind: 'passed-over' };
    return order.length > 0 ? { kind: 'elsewhere', order } : { kind: 'no-variant', spec };
  } catch (error) {
    void opened?.connection.close(error);
    choice.isSizeUnknown = false; // do not leave the next backend for a lighter one
    return { kind: 'failed', error, opened, variant };
  }
}

/**
 * Lists the backends that load a variant of the version. Where the device knows nothing of the model the
 * lightest is first, which takes one look.
 */
async function orderFor(
  { connection, version }: Opened,
  backends: readonly AvailableBackend[],
  choice: BackendChoice,
): Promise<readonly AvailableBackend[]> {
  const able = backends.filter((backend) => hasVariantFor(backend, version.spec.variants));
  const isSizeUnknown = choice.isSizeUnknown && able.length > 1;
  choice.isSizeUnknown = false;
  const lightest = isSizeUnknown ? await connection.lightest(able) : undefined;
  return lightest ? [...new Set([lightest, ...able])] : able;
}

/** Remembers the backend and variant that came to serve, and emits `backend-selected`. */
export function settleOn(
  { emitter, choice }: Pick<ModelContext, 'emitter' | 'choice'>,
  serving: Serving,
): Serving {
  const { backend, version, quarantined } = serving;
  const variant = serving.variant.name;
  const { sequence } = version.release;
  choice.settle({ backend, variant }, { sequence, haveOthersFailed: quarantined.length > 0 });
  emitter.emit('backend-selected', { backend, variant, origin: choice.origin });
  return serving;
}

export interface ServeVersionOptions {
  readonly help: () => Promise<StartHelp>;
  /** The repository's answer to `lookFirst`. */
  readonly boot?: BootAnswer | undefined;
}

/**
 * Serves the version this device runs. When the installed one cannot be loaded any more (a browser
 * update broke it, its bytes are gone and there is no network), the one before it serves, offline
 * too, and the failed one is given up if it was its own fault.
 */
export async function serveActiveOrPrevious(
  context: ModelContext,
  { help, boot }: ServeVersionOptions,
): Promise<Serving> {
  const opened: OpenedVersion[] = [];
  const start: StartWhich = (which, boot) => startVersion(context, which, { help, opened, boot });
  try {
    return (await start({ kind: 'active' }, boot)) as Serving; // there is one, or an error
  } catch (error) {
    const { serveOther } = await help().catch(() => {
      throw error;
    });
    return serveOther(context, { error, opened, start });
  }
}

/** Starts a version. @returns undefined when there is none */
export type StartWhich = (
  which: WhichVersion,
  boot: BootAnswer | undefined,
) => Promise<Serving | undefined>;

interface StartOptions extends ServeVersionOptions {
  /** Gets every version that was opened on the way, whether it came to serve or not. */
  readonly opened: OpenedVersion[];
}

export function startVersion(
  context: ModelContext,
  which: WhichVersion,
  { help, opened, boot }: StartOptions,
): Promise<Serving | undefined> {
  const { signal, onProgress } = context.plan;
  const steps: StartSteps = {
    async open(backend) {
      // A lighter variant seldom leads to another backend; the first one's runtime, of 137 KB by default, is lost then.
      const how = {
        which,
        place: undefined,
        boot,
        isOptional: false,
        isSure: true,
        signal,
        onProgress,
      };
      const found = await openOn(backend, context, how);
      if (found) opened.push(found.version);
      return found;
    },
    load: (found, variant) => load(found, variant, { signal }),
  };
  return startOnBackends(context, context.choice.openingOrder(), steps, help);
}
