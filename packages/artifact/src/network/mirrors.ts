import { isNearsideError } from '@nearside/core';
import type { RepositorySource } from './repository-source.js';

/**
 * One source over several that hold the same repository, each asked only when those before it
 * gave no answer. What they answer is verified all the same, so a mirror needs no trust.
 */
export function firstThatAnswers(sources: readonly RepositorySource[]): RepositorySource {
  const [only] = sources;
  if (only && sources.length === 1) return only;

  async function ask<Answer>(
    question: (source: RepositorySource) => Promise<Answer>,
  ): Promise<Answer> {
    let first: unknown;
    for (const source of sources) {
      try {
        return await question(source);
      } catch (error) {
        if (!isUnanswered(error)) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  return {
    fetch: (path, options) => ask((source) => source.fetch(path, options)),
    fetchIfPresent: (path, options) => ask((source) => source.fetchIfPresent(path, options)),
  };
}

/** The server could not be reached, or has not the file; not: it sent something wrong. */
function isUnanswered(error: unknown): boolean {
  return isNearsideError(error) && ['network-failed', 'offline', 'too-slow'].includes(error.code);
}
