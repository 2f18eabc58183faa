import type { Store } from '@nearside/core';
import { LIMITS } from '../limits.js';

/** A follower looks so often how far the leader has come, ms. */
const LOOK_MS = 500;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Bytes that are not stored yet, as they would cross the network. Without this function nobody can see how far the
   * leader is; it is then waited for no longer than `LIMITS.followMs`.
   */
  readonly remainingBytes?: (() => Promise<number>) | undefined;
  /** Called with what another tab has stored since the last call, in bytes. */
  readonly onElsewhere?: ((sizeBytes: number) => void) | undefined;
}

/**
 * One tab looks for a version, or downloads, for all. This tab waits for the tab that does so now, then does `work`
 * alone, and finds in the store whatever that one has fetched. A closed leader releases the lock. A leader that
 * brings nothing for a minute is not waited for, because fetching twice harms nobody.
 */
export async function followLeader<Result>(
  store: Store,
  name: string,
  work: () => Promise<Result>,
  { signal, remainingBytes, onElsewhere }: FollowOptions,
): Promise<Result> {
  const givenUp = new AbortController();
  const signals = [givenUp.signal, signal].filter((one) => one !== undefined);
  const stopWatching = watch({ remainingBytes, onElsewhere, giveUp: () => givenUp.abort(givenUp) });
  try {
    return await store.exclusive(
      name,
      () => {
        stopWatching();
        return work();
      },
      { signal: AbortSignal.any(signals) },
    );
  } catch (error) {
    if (error !== givenUp) throw error;
    return await work();
  } finally {
    stopWatching();
  }
}

function watch({
  remainingBytes,
  onElsewhere,
  giveUp,
}: Pick<FollowOptions, 'remainingBytes' | 'onElsewhere'> & { giveUp: () => void }): () => void {
  let known: number | undefined;
  let silentMs = 0;
  const timer = setInterval(async () => {
    const remaining = await remainingBytes?.().catch(() => known);
    if (known !== undefined && remaining !== undefined && remaining < known) {
      onElsewhere?.(known - remaining);
      silentMs = 0;
    } else {
      silentMs += LOOK_MS;
      if (silentMs >= LIMITS.followMs) giveUp();
    }
    known = remaining;
  }, LOOK_MS);
  return () => clearInterval(timer);
}
