import type { ModelAddress } from '../address.js';
import { BOOT_BYTES } from '../limits.js';
import { parseBootFile } from '../network/boot-file.js';
import {
  howToAsk,
  isAbsent,
  type RepositorySource,
  type RequestOptions,
} from '../network/repository-source.js';
import { bootPath, sealPath } from '../repository-paths.js';

/** The answer to a page's first request for a model. */
export interface BootAnswer {
  /** The boot file or the seal, not verified; undefined where there is none. */
  readonly raw: Uint8Array<ArrayBuffer> | undefined;
}

/** Every change of a repository changes its boot file, so a cache must ask. */
const CACHE = 'no-cache';

/**
 * Asks for a boot file, or for a seal, before there is an installation. The installation then uses the answer.
 *
 * @param sealSha256 SHA-256 of the seal that the page names, in hex
 * @returns undefined for an answer that only an installation can judge: another status, a redirect, too many bytes
 * @throws what `fetch` throws
 */
export async function askFirstFile(
  { repository, model }: ModelAddress,
  {
    sealSha256,
    request,
    signal,
  }: {
    readonly sealSha256: string | undefined;
    readonly request: RequestOptions | undefined;
    readonly signal: AbortSignal;
  },
): Promise<BootAnswer | undefined> {
  const how = { ...howToAsk(request), cache: CACHE, signal } as const;
  const path = sealSha256 === undefined ? bootPath(model) : `${model}/${sealPath(sealSha256)}`;
  const response = await fetch(repository + path, how);
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
