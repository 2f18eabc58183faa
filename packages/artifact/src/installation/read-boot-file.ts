import { LIMITS } from '../limits.js';
import { parseBootFile } from '../network/boot-file.js';
import type { RepositorySource } from '../network/repository-source.js';
import { bootPath } from '../repository-paths.js';

/** @returns path → bytes of all files in a model's boot file; undefined where there is none */
export async function readBootFile(
  source: RepositorySource,
  model: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>> | undefined> {
  const raw = await source.fetchIfPresent(bootPath(model), {
    maxBytes: LIMITS.bootBytes,
    cache: 'no-cache',
    isOptional: true,
  });
  return raw && parseBootFile(raw);
}
