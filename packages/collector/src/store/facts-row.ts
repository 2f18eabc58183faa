import type { ModelFacts } from '@nearside/core';
import { releaseStates, writeReleases } from './release-rows.js';
import { change, row, type Work } from './statements.js';

/**
 * Writes down facts and the releases in them, unless newer ones are there.
 *
 * @returns the facts that hold now
 */
export function* writeFacts(facts: ModelFacts, nowMs: number): Work<ModelFacts> {
  const kept = yield* readFacts();
  if (kept && isOlder(facts, kept)) return kept;
  yield* change(
    `
    INSERT INTO facts (one, n, facts) VALUES (1, 1, @text)
    ON CONFLICT (one) DO UPDATE SET n = facts.n + 1, facts = excluded.facts`,
    { text: JSON.stringify(facts) },
  );
  yield* writeReleases(releaseStates(facts), nowMs);
  return facts;
}

export function* readFacts(): Work<ModelFacts | undefined> {
  const kept = yield* row<{ facts: string }>('SELECT facts FROM facts');
  return kept && (JSON.parse(kept.facts) as ModelFacts);
}

/** Facts without a revision are of no order: the last ones hold. */
export function isOlder({ revision }: ModelFacts, kept: ModelFacts): boolean {
  return revision !== undefined && kept.revision !== undefined && revision < kept.revision;
}
