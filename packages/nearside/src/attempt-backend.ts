import type { BackendChoice } from './choice/backend-choice.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { Opened, QuarantinedBackend, Serving, ServingContext, Started } from './serving.js';

/** The two steps of serving a version on a backend. */
export interface StartSteps {
  /** @returns undefined when there is no such version */
  open(backend: AvailableBackend): Promise<Opened | undefined>;
  load(opened: Opened): Promise<Started>;
}

/** How a try to start a version on a backend ended. */
export type Attempt =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'no-version' }
  /** Another backend answers after fewer bytes. */
  | { readonly kind: 'lighter'; readonly backend: AvailableBackend }
  /** Every variant has failed here for good. */
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'failed'; readonly error: unknown; readonly opened: Opened | undefined };

/** Opens a version in a worker of the backend and loads its variant; what does not start is ended. */
export async function attemptBackend(
  backend: AvailableBackend,
  { plan, choice }: Pick<ServingContext, 'plan' | 'choice'>,
  { open, load }: StartSteps,
): Promise<Attempt> {
  let opened: Opened | undefined;
  try {
    opened = await open(backend);
    if (!opened) return { kind: 'no-version' };
    const lightest = await findLightest(opened, plan.backends, choice);
    const variant = choice.pickVariant(backend, opened.version.spec);
    if (variant && lightest === backend) {
      opened = { ...opened, variant };
      return { kind: 'started', started: await load(opened) };
    }
    void opened.connection.close(undefined);
    return variant ? { kind: 'lighter', backend: lightest } : { kind: 'passed-over' };
  } catch (error) {
    void opened?.connection.close(error);
    choice.isUnweighed = false; // the next one is not given up for this one
    return { kind: 'failed', error, opened };
  }
}

/** Weighing takes one look; what the device remembers needs none. */
async function findLightest(
  { connection, backend }: Opened,
  backends: readonly AvailableBackend[],
  choice: BackendChoice,
): Promise<AvailableBackend> {
  if (!choice.isUnweighed) return backend;
  choice.isUnweighed = false;
  return (await connection.lightest(backends)) ?? backend;
}

/** A started version comes to serve. */
export function serveStarted(
  { emitter, choice }: Pick<ServingContext, 'emitter' | 'choice'>,
  started: Started,
  quarantined: readonly QuarantinedBackend[],
): Serving {
  const { backend, version } = started;
  const variant = started.variant.name;
  const { sequence } = version.release;
  choice.settle({ backend, variant }, { sequence, isFallback: quarantined.length > 0 });
  emitter.emit('backend-selected', { backend, variant, origin: choice.origin });
  return { ...started, quarantined };
}
