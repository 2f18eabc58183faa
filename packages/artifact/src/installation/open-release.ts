import { isNearsideError, type Layout } from '@nearside/core';
import { assignInstall } from '../assignment.js';
import { LIMITS } from '../limits.js';
import { openModelVersion } from '../model-version.js';
import { pastCache } from '../network/past-cache.js';
import type { RepositorySource } from '../network/repository-source.js';
import { verifyBundle } from '../oms/verify-bundle.js';
import { expectedBundle, findRelease, type Release } from '../release.js';
import { targetPath } from '../repository-paths.js';
import { MODEL_KEYS_FIELD } from '../tuf/metadata.js';
import type { CompleteMetadata } from '../tuf/trusted-metadata.js';
import { verifyBytes } from '../verified-bytes.js';
import type { InstallationContext } from './installation-context.js';
import { describingChunks, type OpenedRelease } from './opened-release.js';
import type { VersionRecord } from './version-records.js';

/** The bundle comes from `source` where it is not stored. */
export type ReleaseContext = Pick<
  InstallationContext,
  'ledger' | 'chunks' | 'source' | 'installId'
> & {
  readonly trusted: CompleteMetadata;
};

/**
 * Opens a release that trusted targets offer: its bundle, verified against them and against root's
 * model keys, and through the bundle everything else.
 */
export async function openRelease(
  release: Release,
  context: ReleaseContext,
): Promise<OpenedRelease> {
  const { trusted, ledger, chunks, source, installId } = context;
  const { model, version, sequence } = release;
  const record = await ledger.record(sequence);
  const isProven = record?.state === 'proven';
  const bundle = await readBundle(release, { record, source });
  const manifest = await verifyBundle(bundle, {
    modelKeys: trusted.root[MODEL_KEYS_FIELD],
    release: { model, version, sequence },
  });
  // Marked before its first chunk arrives, so that no collection in another tab removes that chunk.
  await ledger.remember({ release: manifest.release, bundle, chunks: describingChunks(manifest) });
  const older = isProven ? undefined : await olderLayout(release, context);
  return {
    ...(await openModelVersion(manifest, chunks, { older, whole: record?.whole })),
    origin: isProven ? 'store' : 'network',
    // Another release that cannot be read does not matter to this one.
    assignment: await assignInstall(trusted.targets.signed, { model, installId }).catch(
      () => undefined,
    ),
    isCommon: release.onnxRuntime === 'common',
    bundle,
    provenBy: record?.provenBy ?? [],
  };
}

async function readBundle(
  release: Release,
  { record, source }: { record: VersionRecord | undefined; source: RepositorySource },
) {
  const { targetName, target } = release;
  const expected = expectedBundle(release);
  const stored = record && (await verifyBytes(record.bundle, expected).catch(() => undefined));
  if (stored) return stored;
  return pastCache(async (past) => {
    const fetched = await source.fetch(targetPath(targetName, expected.sha256), {
      maxBytes: Math.min(target.length, LIMITS.bundleBytes),
      tooLarge: 'size-mismatch',
      ...past,
    });
    return verifyBytes(fetched, expected);
  });
}

/** Reads the layout of the active version, if the repository offers deltas from it and the layout is readable. */
async function olderLayout(
  { model, deltasFrom = [] }: Release,
  context: ReleaseContext,
): Promise<Layout | undefined> {
  const { active } = await context.ledger.pointer();
  if (active === undefined || !deltasFrom.includes(active)) return undefined;
  const older = findRelease(context.trusted.targets.signed, { model, sequence: active });
  const record = await context.ledger.record(active);
  if (!older || record?.state !== 'proven') return undefined;
  try {
    return (await openRelease(older, context)).layout;
  } catch (error) {
    if (isNearsideError(error)) return undefined;
    throw error;
  }
}
