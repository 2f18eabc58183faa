import { NearsideError } from '@nearside/core';
import type { ModelStats } from '../shared/api/model.js';
import type { ModelReference, OpenOptions } from '../shared/api/open-options.js';
import { open } from './open.js';
import { readReference } from './options/call-options.js';

/** The version that a later `open` will find on the device. */
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
 * @param options as in `open`; `fallback` takes no part
 * @throws as `open`; NearsideError `store-unavailable` where the device keeps nothing
 */
export async function prefetch(url: string, options: OpenOptions): Promise<Prefetched>;
export async function prefetch(
  reference: ModelReference<unknown, unknown>,
  options?: OpenOptions,
): Promise<Prefetched>;
export async function prefetch(
  which: string | ModelReference<unknown, unknown>,
  given?: OpenOptions,
): Promise<Prefetched> {
  const [url, options] = readReference<OpenOptions>(which, given);
  const model = await open(url, { ...options, fallback: undefined });
  try {
    const { kind, degraded } = await model.storage();
    if (kind === 'memory' || degraded) throw notKept(degraded);
    const { version, variant, backend } = model.stats();
    return { version, variant, backend };
  } finally {
    await model.close();
  }
}

function notKept(reason: string | undefined): NearsideError {
  return new NearsideError(
    'store-unavailable',
    `Expected to store the model on this device, got a store that keeps nothing after the page` +
      `${reason ? `: ${reason}` : ''}. Is storage full or blocked?`,
    { details: { reason } },
  );
}
