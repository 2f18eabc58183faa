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

/** The answer of a repository that is asked for a model's boot file. */
export interface BootAnswer {
  /** The body is not verified; undefined where there is no boot file. */
  readonly raw: Uint8Array<ArrayBuffer> | undefined;
}

/** Every change of the repository changes this file, so a cache must ask. */
const CACHE = 'no-cache';

/**
 * Asks for a boot file before there is an installation. The installation then uses the answer.
 *
 * @returns undefined for an answer that only an installation can judge: another status, a redirect, too many bytes
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
  const body = await response.blob(); // a browser may keep a Blob on disk; `signal` ends it in time
  return body.size > BOOT_BYTES ? undefined : { raw: new Uint8Array(await body.arrayBuffer()) };
}

/**
 * @param asked the answer, if somebody has asked already
 * @returns path → bytes of all files in a model's boot file; undefined where there is none
 */
export async function readBootFile(
  source: RepositorySource,
  model: string,
  asked?: BootAnswer,
): Promise<Map<string, Uint8Array<ArrayBuffer>> | undefined> {
  const how = { maxBytes: BOOT_BYTES, cache: CACHE, isOptional: true } as const;
  const raw = asked ? asked.raw : await source.fetchIfPresent(bootPath(model), how);
  return raw && parseBootFile(raw);
}
