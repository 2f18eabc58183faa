import { type ModelSpec, NearsideError } from '@nearside/core';
import { createModelEmitter } from '../../shared/api/events.js';
import type { VersionGraphs } from '../../shared/protocol.js';
import { type FirstLook, lookFirst } from '../choice/first-look.js';
import { type PageMark, UNMARKED } from '../choice/page-mark.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { BESIDE, openOn } from '../serving/serving.js';
import { endingOnFailure } from '../workers/connection.js';
import { DEFAULT_ENGINE } from '../workers/engine-context.js';

/** A signed version, as far as it is known without its weights. */
export interface PublishedGraphs extends VersionGraphs {
  readonly spec: ModelSpec;
  readonly isCommon: boolean;
  readonly look: FirstLook;
  /** Bytes of each variant's files that are not on the device, compressed, by its name. */
  readonly missingBytes: Readonly<Record<string, number>>;
}

/**
 * Finds the version that `open` would serve, verifies it and fetches its variants without their weights. No version
 * becomes the active one.
 *
 * @throws NearsideError trust, finding, network, store and environment codes; `plan.signal.reason`
 */
export async function readGraphs(plan: OpenPlan, page: PageMark): Promise<PublishedGraphs> {
  const { signal } = plan;
  const look = await lookFirst(plan, page);
  const { choice, boot } = look;
  const [backend] = choice.openingOrder();
  const nobody = { identity: undefined, onOpened: undefined, mark: UNMARKED.mark };
  const emitter = createModelEmitter();
  const context = { plan, engine: DEFAULT_ENGINE, emitter, choice, ...nobody };
  const how = { ...BESIDE, which: { kind: 'active' }, boot, signal } as const;
  const opened = backend && (await openOn(backend, context, how));
  if (!opened) throw noBackend();
  const { connection, version } = opened;
  try {
    return await endingOnFailure(connection, signal, async () => {
      const [graphs, missingBytes] = await Promise.all([
        connection.graphs(),
        connection.missingBytes(),
      ]);
      return { ...graphs, missingBytes, spec: version.spec, isCommon: version.isCommon, look };
    });
  } finally {
    void connection.close(undefined);
  }
}

function noBackend(): NearsideError {
  return new NearsideError('no-backend', 'Expected a backend that can be started here, got none.');
}
