import { isNearsideError, type NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import type { FetchOptions, RepositorySource } from './repository-source.js';

/**
 * Asks several sources of one repository in turn. One that fails in passing is asked again in the next
 * round, after a pause.
 *
 * @throws NearsideError `digest-mismatch` or `size-mismatch` when a source sent wrong bytes and no
 *   other the right ones; else what the first source failed with
 */
export async function askInRounds<Answer>(
  sources: readonly RepositorySource[],
  ask: (source: RepositorySource, round: number) => Promise<Answer>,
  {
    signal,
    rounds = LIMITS.fetchRounds,
    isFinal = () => false,
  }: {
    readonly signal?: AbortSignal | undefined;
    readonly rounds?: number | undefined;
    /** Failures after which no other source is asked. */
    readonly isFinal?: (error: NearsideError) => boolean;
  },
): Promise<Answer> {
  const failures: NearsideError[] = [];
  let candidates = sources;
  for (let round = 0; round < rounds && candidates.length > 0; round += 1) {
    if (round > 0) await pause(Math.random() * LIMITS.pauseMs * 2 ** (round - 1), signal);
    const again: RepositorySource[] = [];
    for (const source of candidates) {
      try {
        return await ask(source, round);
      } catch (error) {
        if (signal?.aborted || !isNearsideError(error) || isFinal(error)) throw error;
        failures.push(error);
        if (error.code === 'network-failed' && error.retryable) again.push(source);
      }
    }
    candidates = again;
  }
  throw failures.find(isIntegrityError) ?? failures[0];
}

/**
 * One source for several that hold the same repository. Each is asked only if those before it gave no answer. Every
 * answer is verified, so a mirror needs no trust.
 *
 * @param signal ends the pauses between rounds
 */
export function firstThatAnswers(
  sources: readonly RepositorySource[],
  signal?: AbortSignal,
): RepositorySource {
  function ask<Answer>(
    question: (source: RepositorySource, options: FetchOptions) => Promise<Answer>,
    options: FetchOptions,
  ): Promise<Answer> {
    const rounds = options.isOptional ? 1 : undefined;
    // The HTTP cache may be why the first round failed, for instance with a page without CORS headers.
    const again: FetchOptions = { ...options, cache: 'reload' };
    return askInRounds(
      sources,
      (source, round) => question(source, round === 0 ? options : again),
      { signal, rounds, isFinal: (error) => !isUnanswered(error) },
    );
  }

  return {
    fetch: (path, options) => ask((source, made) => source.fetch(path, made), options),
    fetchIfPresent: (path, options) =>
      ask((source, made) => source.fetchIfPresent(path, made), options),
  };
}

export function isIntegrityError(error: unknown): boolean {
  return isNearsideError(error) && /^(?:digest|size)-mismatch$/.test(error.code);
}

/** @returns true if the server could not be reached or does not have the file, false if it sent something wrong */
function isUnanswered({ code }: NearsideError): boolean {
  return ['network-failed', 'offline', 'too-slow'].includes(code);
}

async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
