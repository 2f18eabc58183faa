import { isNearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import { bootSource } from '../network/boot-source.js';
import { findRelease } from '../release.js';
import type { CompleteMetadata } from '../tuf/trusted-metadata.js';
import { announceIfStale, announceUnsupported } from './announce.js';
import { followLeader } from './follow-leader.js';
import type { InstallationContext } from './installation-context.js';
import { isYounger } from './metadata-keeper.js';
import { chooseOffered, isOffered, notOffered } from './offered-release.js';
import { openRelease } from './open-release.js';
import type { OpenedRelease } from './opened-release.js';
import { readBootFile } from './read-boot-file.js';

/** A version to serve. If a boot file offered it, `confirm` asks the repository too. */
export interface FoundVersion {
  readonly version: OpenedRelease;
  /** Asks the repository itself; undefined where that has been done. */
  readonly confirm?: (() => Promise<void>) | undefined;
}

/**
 * Finds the version this device runs: from the store without asking the network, else the newest that the repository
 * offers. One tab looks for all.
 */
export async function findVersion(context: InstallationContext): Promise<FoundVersion> {
  const { store, prefix, model, signal } = context;
  const installed = await findInstalled(context);
  if (installed) return { version: installed };
  const find = async () => {
    const meanwhile = await findInstalled(context);
    return meanwhile ? { version: meanwhile } : findOffered(context);
  };
  return followLeader(store, `${prefix}/${model}/find`, find, { signal });
}

/**
 * Opens the active version, or the one before it: when the active one or its key was revoked, or it has just failed.
 *
 * @param failed the sequence that is not to be tried again
 */
export async function findInstalled(
  context: InstallationContext,
  failed?: number,
): Promise<OpenedRelease | undefined> {
  const { active, previous } = await context.ledger.pointer();
  return openProven(
    context,
    [active, previous].filter((sequence) => sequence !== failed),
  );
}

/** Opens the first of these versions that is proven here and still on offer. */
export async function openProven(
  context: InstallationContext,
  sequences: readonly (number | undefined)[],
): Promise<OpenedRelease | undefined> {
  const { metadata, ledger, model } = context;
  const { stored } = await metadata.load();
  if (!stored) return undefined;
  const { trusted } = stored;
  let damage: unknown;
  for (const sequence of sequences) {
    const release = findRelease(trusted.targets.signed, { model, sequence });
    if (!release || release.state === 'revoked') continue;
    if ((await ledger.record(release.sequence))?.state !== 'proven') continue;
    announceIfStale(trusted, context);
    try {
      return await openRelease(release, { ...context, trusted });
    } catch (error) {
      if (context.signal?.aborted || !isNearsideError(error)) throw error;
      // Root has dropped the key that signed it, which is as good as revoked. Or its bundle or layout is lost and
      // does not come. Then the version before it is better than none.
      if (error.code !== 'model-key-unknown') damage ??= error;
    }
  }
  if (damage) throw damage;
  return undefined;
}

/**
 * Opens the newest version the repository offers: from metadata that another tab has just asked for, from the boot
 * file, or by the walk.
 */
async function findOffered(context: InstallationContext): Promise<FoundVersion> {
  const { metadata, now } = context;
  const { stored, damage } = await metadata.load();
  const isFresh = stored && isYounger(stored, LIMITS.freshMs, now());
  if (isFresh) {
    const found = await orTheLongWay(context, () => openNewest(stored, context));
    if (found) return found;
  }
  if (!stored && !damage) {
    const found = await orTheLongWay(context, () => openFromBootFile(context));
    if (found) return found;
  }
  return openNewest({ trusted: await metadata.refresh(), origin: 'walk' }, context);
}

/** Tries a shortcut. If it fails for any reason but an abort, the caller walks through the metadata. */
async function orTheLongWay<Found>(
  { signal }: InstallationContext,
  shortcut: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await shortcut();
  } catch (error) {
    if (signal?.aborted || !isNearsideError(error)) throw error;
    return undefined;
  }
}

async function openFromBootFile(context: InstallationContext): Promise<FoundVersion | undefined> {
  const files = await readBootFile(context.source, context.model, context.boot);
  if (!files) return undefined;
  const source = bootSource(files, context.source);
  const chunks = context.chunks.withFiles(files);
  const trusted = await context.metadata.adopt(source);
  return openNewest({ trusted, origin: 'boot' }, { ...context, source, chunks });
}

async function openNewest(
  { trusted, origin }: { trusted: CompleteMetadata; origin: 'walk' | 'boot' },
  context: InstallationContext,
): Promise<FoundVersion> {
  const release = await chooseOffered(trusted, context);
  announceUnsupported(trusted, release.sequence, context);
  const version = await openRelease(release, { ...context, trusted });
  return origin === 'walk' ? { version } : { version, confirm: () => confirm(version, context) };
}

/** Lets the repository decide as it would have without a boot file. */
async function confirm(
  { release: { sequence, version }, bundle }: OpenedRelease,
  context: InstallationContext,
): Promise<void> {
  const { metadata, model } = context;
  const trusted = await metadata.refresh({ maxAgeMs: LIMITS.freshMs });
  const chosen = await orTheLongWay(context, () => chooseOffered(trusted, context));
  const isSame = chosen?.sequence === sequence;
  if (isSame && (await isOffered(trusted, { model, sequence, bundle }))) return;
  throw notOffered(model, version);
}
