import { type RepositorySource, refreshMetadata, type TrustedMetadata } from '@nearside/artifact';

/**
 * Verifies new files before any of them is written, as a device would that trusts the repository so far. It throws
 * the error that devices would have: an expired root, a threshold not met, a rollback.
 *
 * @param trusted undefined for a device that opens the repository for the first time
 * @returns the repository as it will be, and the metadata that devices will trust
 */
export async function checkFiles(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  {
    source,
    pin,
    trusted,
    nowMs,
  }: {
    source: RepositorySource;
    pin: string;
    trusted: TrustedMetadata | undefined;
    nowMs: number;
  },
): Promise<{
  readonly after: RepositorySource;
  readonly trusted: Awaited<ReturnType<typeof refreshMetadata>>;
}> {
  const after = sourceOver(files, source);
  return { after, trusted: await refreshMetadata(after, { pin, trusted, nowMs }) };
}

/** A repository as it will be once these files are written. */
function sourceOver(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  source: RepositorySource,
): RepositorySource {
  return {
    fetch: async (path, options) => files.get(path) ?? source.fetch(path, options),
    fetchIfPresent: async (path, options) =>
      files.get(path) ?? source.fetchIfPresent(path, options),
  };
}
