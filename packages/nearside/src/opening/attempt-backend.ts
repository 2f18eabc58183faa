import type { ModelSpec, Variant } from '@nearside/core';
import type { BackendChoice } from '../choice/backend-choice.js';
import type { BackendFailure } from '../choice/choice-record.js';
import { hasVariantFor } from '../choice/variants-for.js';
import type { AvailableBackend } from '../runtime-assets.js';
import type { ModelContext, Opened, OpenedVariant, Serving, Started } from './serving.js';

/** The two steps of serving a version on a backend. */
export interface StartSteps {
  /** @returns undefined when there is no such version */
  open(backend: AvailableBackend): Promise<Opened | undefined>;
  load(opened: OpenedVariant): Promise<Started>;
}

/** How a try to start a version on a backend ended. */
export type Attempt =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'no-version' }
  /** Others start it, in this order: this backend loads no variant of it, or one answers after fewer bytes. */
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

/**
 * Opens a version in a worker of the first backend and loads a variant of it, unless what it learns of the
 * version leads elsewhere; what does not start is ended.
 *
 * @param backends what is left to try, at least one
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
    const { spec } = opened.version;
    const order = await orderFor(opened, backends, choice);
    const isHere = order[0] === backend;
    if (isHere) variant = choice.pickVariant(backend, spec);
    if (variant) return { kind: 'started', started: await load({ ...opened, variant }) };
    void opened.connection.close(undefined);
    if (isHere) return { kind: 'passed-over' };
    return order.length > 0 ? { kind: 'elsewhere', order } : { kind: 'no-variant', spec };
  } catch (error) {
    void opened?.connection.close(error);
    choice.isUnweighed = false; // the next one is not given up for this one
    return { kind: 'failed', error, opened, variant };
  }
}

/**
 * The backends that load a variant of the version. Where the device knows nothing of the model the
 * lightest is first, which takes one look.
 */
async function orderFor(
  { connection, version }: Opened,
  backends: readonly AvailableBackend[],
  choice: BackendChoice,
): Promise<readonly AvailableBackend[]> {
  const able = backends.filter((backend) => hasVariantFor(backend, version.spec.variants));
  const isUnweighed = choice.isUnweighed && able.length > 1;
  choice.isUnweighed = false;
  const lightest = isUnweighed ? await connection.lightest(able) : undefined;
  return lightest ? [...new Set([lightest, ...able])] : able;
}

/** A started version comes to serve. */
export function serveStarted(
  { emitter, choice }: Pick<ModelContext, 'emitter' | 'choice'>,
  started: Started,
  quarantined: readonly BackendFailure[],
): Serving {
  const { backend, version } = started;
  const variant = started.variant.name;
  const { sequence } = version.release;
  choice.settle({ backend, variant }, { sequence, haveOthersFailed: quarantined.length > 0 });
  emitter.emit('backend-selected', { backend, variant, origin: choice.origin });
  return { ...started, quarantined };
}
