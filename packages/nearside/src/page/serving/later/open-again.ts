import { callerInputs, callerOutputs, type ModelSpec, stagesOf } from '@nearside/core';
import type { AvailableBackend } from '../../../shared/api/backends.js';
import type { OpenedVersion } from '../../../shared/protocol.js';
import { type ModelContext, type Opened, openOn, type Place } from '../serving.js';

export interface OpenAgainOptions {
  readonly place: Place | undefined;
  /** As of `openOn`. */
  readonly isOptional: boolean;
  /** Whether another version may take its place, which is the active one by now. */
  readonly fits: (active: OpenedVersion) => boolean;
}

/**
 * Opens what has served in one worker in another one: the active version, or where that does not fit the
 * same one, for this page alone.
 *
 * @returns undefined when neither is there
 */
export async function openAgain(
  backend: AvailableBackend,
  context: ModelContext,
  { release: { sequence } }: OpenedVersion,
  { fits, place, isOptional }: OpenAgainOptions,
): Promise<Opened | undefined> {
  const how = {
    place,
    boot: undefined,
    isOptional,
    isSure: true,
    signal: undefined,
    onProgress: undefined,
  };
  const opened = await openOn(backend, context, { which: { kind: 'active' }, ...how });
  const isSame = opened?.version.release.sequence === sequence;
  if (!opened || isSame || fits(opened.version)) return opened;
  void opened.connection.close(undefined);
  return openOn(backend, context, { which: { kind: 'served', sequence }, ...how });
}

/** Whether calls written for one version fit another: the same task, features, kind of result, and tensors but for state. */
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
