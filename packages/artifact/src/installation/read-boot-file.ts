import type { ModelAddress } from '../address.js';
import { BOOT_BYTES } from '../limits.js';
import { parseBootFile } from '../network/boot-file.js';
import {
  howToAsk,
  isAbsent,
  type RepositorySource,
  type RequestOptions,
} from '../network/repository-source.js';
import { bootPath } from '../repository-paths.js';

/** What a repository answers when it is asked for a model's boot file. */
export interface BootAnswer {
  /** Not verified; undefined where there is none. */
  readonly raw: Uint8Array<ArrayBuffer> | undefined;
}

/** Every change of the repository changes it: a cache is to ask. */
const CACHE = 'no-cache';

/**
 * Asks for a boot file before there is an installation, which takes the answer as its own.
 *
 * @returns undefined for an answer that an installation has to judge: another status, a redirect, too many bytes
 * @throws what `fetch` throws
 */
export async function askBootFile(
  { repository, model }: ModelAddress,
  { request, signal }: { request: RequestOptions | undefined; signal: AbortSignal },
): Promise<BootAnswer | undefined> {
  const how = { ...howToAsk(request), cache: CACHE, signal } as const;
  const response = await fetch(repository + bootPath(model), how);
  if (response.redirected || !response.ok || isAbsent(response)) {
    await response.body?.cancel();
    return isAbsent(response) ? { raw: undefined } : undefined;
  }
  const body = await response.blob(); // which a browser need not keep in memory; `signal` ends it in time
  return body.size > BOOT_BYTES ? undefined : { raw: new Uint8Array(await body.arrayBuffer()) };
}

/**
 * @param asked the answer, where somebody has asked already
 * @returns path → bytes of all files in a model's boot file; undefined where there is none
 */
export async function readBootFile(
  source: RepositorySource,
  model: string,
  asked?: BootAnswer,
): Promise<Map<string, Uint8Array<ArrayBuffer>> | undefined> {
  const raw = asked ? asked.raw : await fetchBootFile(source, model);
  return raw && parseBootFile(raw);
}

function fetchBootFile(source: RepositorySource, model: string) {
  return source.fetchIfPresent(bootPath(model), {
    maxBytes: BOOT_BYTES,
    cache: CACHE,
    isOptional: true,
  });
}
