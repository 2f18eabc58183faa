import type { ReleaseIdentity } from '@nearside/artifact';
import { sameInterface } from '../../serving/later/revive.js';
import { tryBackends } from '../../serving/later/try-backends.js';
import { BESIDE, load, type ModelContext, openOn, type Serving } from '../../serving/serving.js';

/**
 * Starts a shadow in a worker of its own, as a candidate is proven, but on the backend that serves alone.
 *
 * @returns undefined where it takes other inputs than the version that serves
 */
export function startShadow(
  context: ModelContext,
  { sequence }: ReleaseIdentity,
  { current, signal }: { readonly current: Serving; readonly signal: AbortSignal },
): Promise<Serving | undefined> {
  const which = { kind: 'shadow', sequence } as const;
  context.choice.onnxRuntime = current.runtime ?? 'full';
  return tryBackends(context, [current.backend], {
    async open(backend) {
      const opened = await openOn(backend, context, { ...BESIDE, which, signal });
      if (opened && sameInterface(current.version.spec, opened.version.spec)) return opened;
      return void opened?.connection.close(undefined);
    },
    load: (opened, variant) => load(opened, variant, { signal }),
  });
}
