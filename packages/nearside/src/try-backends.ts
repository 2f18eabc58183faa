import { isNearsideError, NearsideError } from '@nearside/core';
import { type Attempt, attemptBackend, type StartSteps, serveStarted } from './attempt-backend.js';
import { isAnothersLoss, isBackendFault, isOutOfReach } from './backend-fault.js';
import { pardon, quarantine } from './choice/blame-candidate.js';
import { isLasting } from './choice/choice-record.js';
import type { OpenPlan } from './open-options.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { QuarantinedBackend, Serving, ServingContext } from './serving.js';

/** How often a start is done again because another model had the worker ended. */
const DISTURBANCES = 2;

const NO_NETWORK: readonly string[] = ['network-failed', 'offline'];

/** A backend that was tried before, and what came of it. */
export interface Tried {
  readonly backend: AvailableBackend;
  readonly attempt: Attempt;
}

/**
 * Starts a version on the first backend that can: each in a worker, in this order. Only a
 * backend's own failure leads to the next one, or that its files cannot be reached. What is
 * quarantined is passed over, unless nothing else is left.
 *
 * @param tried what has been tried already
 * @throws NearsideError `no-backend` with every backend's failure; what else the steps throw
 */
export async function tryBackends(
  context: ServingContext,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
  tried?: Tried,
): Promise<Serving | undefined> {
  const { plan, emitter, choice } = context;
  const waiting = [...backends];
  const failures: QuarantinedBackend[] = [];
  const passedOver: AvailableBackend[] = [];
  const errors: NearsideError[] = [];
  let disturbances = 0;

  /** Goes on with the next one, where the failure allows it. */
  function fail(backend: AvailableBackend, { error, opened }: Attempt & { kind: 'failed' }): void {
    if (!isNearsideError(error)) throw error;
    if (isAnothersLoss(error) && disturbances < DISTURBANCES) {
      disturbances += 1;
      waiting.unshift(backend);
      return;
    }
    // Weights that cannot be fetched: those of another variant may be on the device.
    const isOffline = NO_NETWORK.includes(error.code) && opened?.version.origin === 'store';
    const isElsewhere = !plan.isBackendForced && (isOffline || isOutOfReach(error));
    if (!isBackendFault(error) && !isElsewhere) throw error;
    errors.push(error);
    const { code, message } = error;
    const failed = { backend, variant: opened?.variant.name, code, message };
    failures.push(failed);
    if (!isQuarantine(failed)) return;
    quarantine(choice, failed, opened?.version.release.sequence);
    emitter.emit('backend-quarantined', failed);
    const mayVary = opened && !plan.isBackendForced && isLasting(code);
    if (mayVary && choice.pickVariant(backend, opened.version.spec)) waiting.push(backend);
  }

  for (let last = tried; ; last = undefined) {
    const backend = last?.backend ?? waiting.shift();
    if (backend === undefined) {
      const again = passedOver.splice(0);
      if (again.length === 0) throw noneLeft(plan, { failures, errors });
      pardon(choice, again);
      waiting.push(...again);
      continue;
    }
    const attempt = last?.attempt ?? (await attemptBackend(backend, context, steps));
    switch (attempt.kind) {
      case 'started':
        return serveStarted(context, attempt.started, failures.filter(isQuarantine));
      case 'no-version':
        return undefined;
      case 'lighter':
        waiting.splice(0, waiting.length, ...new Set([attempt.backend, backend, ...waiting]));
        break;
      case 'passed-over':
        passedOver.push(backend);
        break;
      case 'failed':
        fail(backend, attempt);
    }
  }
}

/** What a backend lacks, or what cannot be reached, is not held against it. */
function isQuarantine({ code }: QuarantinedBackend): boolean {
  return ![...NO_NETWORK, 'no-backend', 'assets-unreachable', 'worker-blocked'].includes(code);
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
