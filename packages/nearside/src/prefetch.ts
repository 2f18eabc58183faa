import type { ModelStats } from './api/model.js';
import type { OpenOptions } from './api/open-options.js';
import { open } from './open.js';

/** What a later `open` will find on the device. */
export interface Prefetched {
  readonly version: string;
  readonly variant: string;
  /** Proven here; `runtimeAssets({ backends: [backend] })` names its files. */
  readonly backend: ModelStats['backend'];
}

/**
 * Stores a model for later, for use without a network: opens it, which fetches it and proves it on this
 * device, and closes it. A model that is stored already is loaded and proven again.
 *
 * @param options as of `open`
 * @throws as `open`
 */
export async function prefetch(url: string, options: OpenOptions): Promise<Prefetched> {
  const model = await open(url, options);
  const { version, variant, backend } = model.stats();
  await model.close();
  return { version, variant, backend };
}
