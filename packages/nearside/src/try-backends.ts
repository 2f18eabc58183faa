import { isNearsideError, NearsideError } from '@nearside/core';
import { isBackendFault, isOutOfReach } from './backend-fault.js';
import { isLasting } from './choice/choice-record.js';
import type { OpenPlan } from './open-options.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { Opened, QuarantinedBackend, Serving, ServingContext, Started } from './serving.js';

const NO_NETWORK: readonly string[] = ['network-failed', 'offline'];

/** The two steps of serving a version on a backend. */
export interface StartSteps {
  /** @returns undefined when there is no such version */
  open(backend: AvailableBackend): Promise<Opened | undefined>;
  load(opened: Opened): Promise<Started>;
}

/**
 * Starts a version on the first backend that can: each in a worker of its own, in this order. Only a
 * backend's own failure leads to the next one, or that its files cannot be reached. What is
 * quarantined is passed over, unless nothing else is left.
 *
 * @throws NearsideError `no-backend` with every backend's failure; what else the steps throw
 */
export async function tryBackends(
  context: Pick<ServingContext, 'plan' | 'emitter' | 'choice'>,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
): Promise<Serving | undefined> {
  const { plan, emitter, choice } = context;
  const waiting = [...backends];
  const failures: QuarantinedBackend[] = [];
  const passedOver: AvailableBackend[] = [];
  const errors: NearsideError[] = [];

  /** @returns whether to go on with the next one */
  function fail(backend: AvailableBackend, opened: Opened | undefined, error: unknown): boolean {
    if (!isNearsideError(error)) return false;
    // Weights that cannot be fetched: those of another variant may be on the device.
    const isOffline = NO_NETWORK.includes(error.code) && opened?.version.origin === 'store';
    const isElsewhere = !plan.isBackendForced && (isOffline || isOutOfReach(error));
    if (!isBackendFault(error) && !isElsewhere) return false;
    errors.push(error);
    const { code, message } = error;
    const failed = { backend, variant: opened?.variant.name, code, message };
    failures.push(failed);
    if (!isQuarantine(failed)) return true;
    choice.quarantine(failed, opened?.version.release.sequence);
    emitter.emit('backend-quarantined', failed);
    const mayVary = opened && !plan.isBackendForced && isLasting(code);
    if (mayVary && choice.pickVariant(backend, opened.version.spec)) waiting.push(backend);
    return true;
  }

  async function attempt(backend: AvailableBackend): Promise<Serving | 'next' | 'none'> {
    let opened: Opened | undefined;
    try {
      opened = await steps.open(backend);
      if (!opened) return 'none';
      const { connection, version } = opened;
      const { spec } = version;
      const missingBytes = () => connection.missingBytes();
      const lighter = await choice.findLighter(backend, { spec, missingBytes });
      const variant = lighter ? undefined : choice.pickVariant(backend, spec);
      if (!variant) {
        void connection.close(undefined);
        if (lighter) waiting.splice(0, waiting.length, ...before(lighter, [backend, ...waiting]));
        else passedOver.push(backend);
        return 'next';
      }
      opened = { ...opened, variant };
      const started = await steps.load(opened);
      choice.settle(
        { backend, variant: variant.name },
        { sequence: version.release.sequence, isFallback: failures.some(isQuarantine) },
      );
      emitter.emit('backend-selected', { backend, variant: variant.name, origin: choice.origin });
      return { ...started, quarantined: failures.filter(isQuarantine) };
    } catch (error) {
      void opened?.connection.close(error);
      if (fail(backend, opened, error)) return 'next';
      throw error;
    }
  }

  for (;;) {
    const backend = waiting.shift();
    if (backend !== undefined) {
      const outcome = await attempt(backend);
      if (outcome === 'none') return undefined;
      if (outcome !== 'next') return outcome;
    } else {
      const again = passedOver.splice(0);
      if (again.length === 0) throw noneLeft(plan, { failures, errors });
      choice.pardon(again);
      waiting.push(...again);
    }
  }
}

/** What a backend lacks, or what cannot be reached, is not held against it. */
function isQuarantine({ code }: QuarantinedBackend): boolean {
  return ![...NO_NETWORK, 'no-backend', 'assets-unreachable', 'worker-blocked'].includes(code);
}

function before(first: AvailableBackend, others: readonly AvailableBackend[]) {
  return [first, ...others.filter((backend) => backend !== first)];
}

function noneLeft(
  { address, isBackendForced }: OpenPlan,
  {
    failures,
    errors,
  }: { failures: readonly QuarantinedBackend[]; errors: readonly NearsideError[] },
): NearsideError {
  const [first] = errors;
  const unreachable = errors.find((error) => !isBackendFault(error));
  if (isBackendForced && first) return first;
  if (unreachable) return unreachable;
  return new NearsideError(
    'no-backend',
    `${address.model}: expected a backend that computes the right numbers on this device, got none. ` +
      failures.map(({ message }) => message).join(' '),
    { cause: first, details: { failures } },
  );
}
