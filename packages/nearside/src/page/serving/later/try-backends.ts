import { isNearsideError, type ModelSpec, NearsideError } from '@nearside/core';
import type { AvailableBackend, BackendFailure } from '../../../shared/api/backends.js';
import { hasVariantFor, runtimeOf } from '../../../shared/contenders.js';
import { isAnothersLoss, isBackendFault, isOutOfReach } from '../../../shared/failures.js';
import { isLasting } from '../../choice/backend-choice.js';
import { blameRuntime, pardon, quarantine } from '../../choice/later/blame.js';
import { forgetBroken } from '../../choice/later/remember-choice.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { ModelContext, Serving } from '../serving.js';
import { type Attempt, attemptBackend, type StartSteps, settleOn } from '../start-version.js';
import { explainStart } from './explain-start.js';

/** A start is done again so often because another model had the worker ended. */
const DISTURBANCES = 2;

const NO_NETWORK: readonly string[] = ['network-failed', 'offline'];

/** A search for a backend that starts the version. */
interface Search {
  /** Backends left to try, in this order. */
  waiting: readonly AvailableBackend[];
  /** Quarantined backends, tried when no other is left. */
  passedOver: readonly AvailableBackend[];
  readonly failures: BackendFailure[];
  readonly errors: NearsideError[];
  disturbances: number;
  isPardoned: boolean;
}

/**
 * Starts a version on the first backend that can, each in a worker, in this order. The next one is tried after a
 * backend's own failure, where its files cannot be reached, or where it loads no variant of the version.
 * Quarantined backends are passed over, unless no other is left.
 *
 * @param backends at least one
 * @param first the attempt on the first of them, where it was tried before
 * @throws NearsideError `no-backend` with every backend's failure; other errors of the steps
 */
export async function tryBackends(
  context: ModelContext,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
  first?: Attempt,
): Promise<Serving | undefined> {
  forgetBroken(context.choice);
  const search: Search = {
    waiting: backends,
    passedOver: [],
    failures: [],
    errors: [],
    disturbances: 0,
    isPardoned: false,
  };
  let attempt = first ?? (await attemptBackend(search.waiting, context, steps));
  while (attempt.kind !== 'started') {
    if (attempt.kind === 'no-version') return undefined;
    if (attempt.kind === 'failed') {
      attempt = { ...attempt, error: await explainStart(attempt.error, context.plan) };
    }
    learnFrom(attempt, search, context);
    if (search.waiting.length === 0) pardonThosePassedOver(search, context);
    attempt = await attemptBackend(search.waiting, context, steps);
  }
  const { failures } = search;
  const quarantined = failures.filter(isHeldAgainst);
  return settleOn(context, { ...attempt.serving, failures, quarantined });
}

/** @throws NearsideError an error that no other backend would avoid; `no-backend` */
function learnFrom(
  attempt: Exclude<Attempt, { kind: 'started' | 'no-version' }>,
  search: Search,
  context: ModelContext,
): void {
  const [backend, ...others] = search.waiting as readonly [AvailableBackend];
  switch (attempt.kind) {
    case 'elsewhere':
      search.waiting = attempt.order;
      break;
    case 'no-variant':
      if (search.failures.length + search.passedOver.length === 0) {
        throw noVariant(context.plan, attempt.spec);
      }
      search.waiting = [];
      break;
    case 'passed-over':
      search.waiting = others;
      search.passedOver = [...search.passedOver, backend];
      break;
    case 'failed':
      search.waiting = goOnAfter(attempt, search, context);
  }
}

/** @returns the backends left to try, where the failure allows it */
function goOnAfter(
  { error, opened, variant }: Attempt & { kind: 'failed' },
  search: Search,
  context: ModelContext,
): readonly AvailableBackend[] {
  const { plan, emitter, choice } = context;
  const [backend, ...others] = search.waiting as readonly [AvailableBackend];
  if (!isNearsideError(error)) throw error;
  if (isAnothersLoss(error) && search.disturbances < DISTURBANCES) {
    search.disturbances += 1;
    return search.waiting;
  }
  if (opened && blameRuntime(context, error, { ...opened, ...opened.version })) {
    return search.waiting;
  }
  // Where weights cannot be fetched, those of another variant may be on the device.
  const isOffline = NO_NETWORK.includes(error.code) && opened?.version.origin === 'store';
  const isElsewhere = !plan.isBackendForced && (isOffline || isOutOfReach(error));
  if (!isBackendFault(error) && !isElsewhere) throw error;
  const { code, message } = error;
  const failed = { backend, variant: variant?.name, code, message };
  search.errors.push(error);
  search.failures.push(failed);
  const left = opened
    ? others.filter((other) => hasVariantFor(other, opened.version.spec.variants))
    : others;
  if (!isHeldAgainst(failed)) return left;
  quarantine(choice, failed, opened?.version.release.sequence);
  emitter.emit('backend-quarantined', failed);
  const mayVary = opened && !plan.isBackendForced && isLasting(code);
  const hasAnother = mayVary && choice.pickVariant(backend, opened.version.spec);
  return hasAnother ? [...left, backend] : left;
}

/** @throws NearsideError when there are none */
function pardonThosePassedOver(search: Search, { plan, choice }: ModelContext): void {
  if (search.passedOver.length === 0 || search.isPardoned) throw noneLeft(plan, search);
  search.isPardoned = true;
  pardon(choice, search.passedOver);
  search.waiting = search.passedOver;
  search.passedOver = [];
}

/** A backend is not held responsible for files that cannot be reached, nor for a platform that lacks it. */
function isHeldAgainst({ code }: BackendFailure): boolean {
  return ![...NO_NETWORK, 'no-backend', 'assets-unreachable', 'worker-blocked'].includes(code);
}

function noneLeft({ address, isBackendForced }: OpenPlan, { failures, errors }: Search) {
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

function noVariant({ backends }: OpenPlan, { name, variants }: ModelSpec): NearsideError {
  return new NearsideError(
    'no-backend',
    `${backends.join(', ')}: expected a variant of ${name} for ` +
      `${[...new Set(backends.map(runtimeOf))].join(' or ')}, got only ` +
      `${variants.map(({ runtime }) => runtime).join(', ')}.`,
    { details: { backends, model: name } },
  );
}
