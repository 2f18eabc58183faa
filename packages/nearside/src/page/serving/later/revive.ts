import {
  callerInputs,
  callerOutputs,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  stagesOf,
} from '@nearside/core';
import type { AvailableBackend } from '../../../shared/api/backends.js';
import { isAnothersLoss, isCallersEnd } from '../../../shared/failures.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import { blameRuntime, demote } from '../../choice/later/blame.js';
import { AT_OPENING } from '../../choice/page-mark.js';
import {
  BESIDE,
  load,
  type ModelContext,
  type Opened,
  openOn,
  type Place,
  type Serving,
} from '../serving.js';
import { tryBackends } from './try-backends.js';

/** A backend that loses its worker so often within `WITHIN_MS` is tried after the others. */
const LOSSES = 2;
const WITHIN_MS = 60_000;

/**
 * Serves a version anew after its worker was lost, or ended for a rest: from the cache, on the same backend, or on another
 * one when that keeps losing workers.
 */
export function createReviver(context: ModelContext): (lost: Serving) => Promise<Serving> {
  const losses: { readonly backend: AvailableBackend; readonly atMs: number }[] = [];

  function orderAfter(lost: AvailableBackend): AvailableBackend[] {
    const sinceMs = performance.now() - WITHIN_MS;
    const recent = losses.filter(({ atMs }) => atMs > sinceMs);
    const isDemoted = (backend: AvailableBackend) =>
      recent.filter((loss) => loss.backend === backend).length >= LOSSES;
    const all = [...new Set([lost, ...context.plan.backends])];
    return [...all.filter((name) => !isDemoted(name)), ...all.filter(isDemoted)];
  }

  /** After a hang it has a worker of its own, so that other models do not lose theirs again. */
  let isolate = context.plan.isolate;

  return async (lost) => {
    const reason = lost.connection.end?.reason;
    isolate ||= isNearsideError(reason) && reason.code === 'terminated';
    const isOfRuntime = blameRuntime(context, reason, { ...lost, ...lost.version });
    const isToBlame = !isOfRuntime && !isAnothersLoss(reason) && !isCallersEnd(reason);
    if (isToBlame) losses.push({ backend: lost.backend, atMs: performance.now() });
    const order = orderAfter(lost.backend);
    const fits = ({ spec }: OpenedVersion) => sameInterface(lost.version.spec, spec);
    if (order[0] !== lost.backend) demote(context.choice, lost.backend);
    const place = { isolate, slot: undefined };
    const how = { fits, place, isOptional: false };
    const serving = await tryBackends(context, order, {
      open: (backend) => openAgain(backend, context, lost.version, how),
      load: (opened, variant) => load(opened, variant, { signal: undefined }),
    }).finally(() => context.mark(AT_OPENING));
    if (serving && fits(serving.version)) return serving;
    void serving?.connection.close(undefined);
    throw new NearsideError(
      'worker-lost',
      `Expected ${lost.version.release.model} ${lost.version.release.version} to serve again, got a ` +
        'version of another interface on this device. Open the model again.',
      { details: { ...lost.version.release } },
    );
  };
}

export interface OpenAgainOptions {
  readonly place: Place | undefined;
  /** As in `openOn`. */
  readonly isOptional: boolean;
  /** True where the version that is active by now may take its place. */
  readonly fits: (active: OpenedVersion) => boolean;
}

/**
 * Opens a version that served in one worker in another one: the active version, or, where that does not fit,
 * the same one for this page alone.
 *
 * @returns undefined when neither is there
 */
export async function openAgain(
  backend: AvailableBackend,
  context: ModelContext,
  { release: { sequence } }: OpenedVersion,
  { fits, place, isOptional }: OpenAgainOptions,
): Promise<Opened | undefined> {
  const how = { ...BESIDE, place, isOptional, isSure: true, signal: undefined };
  const opened = await openOn(backend, context, { which: { kind: 'active' }, ...how });
  const isSame = opened?.version.release.sequence === sequence;
  if (!opened || isSame || fits(opened.version)) return opened;
  void opened.connection.close(undefined);
  return openOn(backend, context, { which: { kind: 'served', sequence }, ...how });
}

/** True where calls for one version fit another: same task, features, kind of result, and tensors but for state. */
export function sameInterface(a: ModelSpec, b: ModelSpec): boolean {
  return describe(a) === describe(b);
}

function describe(spec: ModelSpec): string {
  const tensors = (list: ModelSpec['inputs']) =>
    list.map(({ name, datatype, shape }) => [name, datatype, shape]);
  const [first] = stagesOf(spec);
  const last = stagesOf(spec).at(-1);
  return JSON.stringify([
    spec.task,
    tensors(callerInputs(spec)),
    tensors(callerOutputs(spec)),
    spec.features,
    first?.preprocessing.length !== 0,
    last?.postprocessing.at(-1)?.step,
  ]);
}
