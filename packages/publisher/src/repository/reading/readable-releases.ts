import { modelNames, type Release, releasesOf, type Targets } from '@nearside/artifact';
import { type ErrorCode, isNearsideError, ModelNameSchema } from '@nearside/core';
import { is } from 'valibot';

/** A target that says it is a model version, and that no device would take for one. */
export interface UnreadableTarget {
  /** As the targets name it, whatever that is. */
  readonly target: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether its model could be a device's: then a newer library may understand it. */
  readonly hasModelName: boolean;
}

export interface ReadableReleases {
  /** By model; of each model newest first. */
  readonly releases: readonly Release[];
  readonly unreadable: readonly UnreadableTarget[];
}

/**
 * Every model version that the targets list, one target at a time: what is wrong with one must not
 * keep a publisher from reading, renewing or pruning the others.
 */
export function readableReleases(targets: Targets): ReadableReleases {
  const releases: Release[] = [];
  const unreadable: UnreadableTarget[] = [];
  for (const [target, entry] of Object.entries(targets.targets)) {
    const alone = { ...targets, targets: { [target]: entry } };
    for (const model of modelNames(alone)) {
      try {
        releases.push(...releasesOf(alone, model));
      } catch (error) {
        if (!isNearsideError(error)) throw error;
        const { code, message } = error;
        unreadable.push({ target, code, message, hasModelName: is(ModelNameSchema, model) });
      }
    }
  }
  return { releases: releases.sort(byModelNewestFirst), unreadable };
}

function byModelNewestFirst(a: Release, b: Release): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  return b.sequence - a.sequence;
}
