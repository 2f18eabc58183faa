import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { ensureSchema, SCHEMA_VERSION } from '../sqlite/schema.js';
import { faultyDatabase } from './faulty-database.js';

/**
 * A migration fails before each of its steps: one that ends halfway has not begun, and is done at the next start.
 *
 * @param fill makes a file of the older schema
 * @param expectUntouched looks at a file whose migration failed
 * @returns how many steps there were
 */
export function failAtEachStep(
  fill: (database: Database.Database) => void,
  expectUntouched: (database: Database.Database, before: Database.Database) => void,
): number {
  for (let step = 1; ; step += 1) {
    const real = new Database(':memory:');
    fill(real);
    const before = new Database(real.serialize());
    const { database, arm, disarm } = faultyDatabase(real);
    arm({ step, when: 'before' });
    let failure: unknown;
    try {
      ensureSchema(database);
    } catch (error) {
      failure = error;
    }
    if (!disarm()) {
      expect(failure).toBeUndefined();
      return step - 1;
    }
    expectUntouched(real, before);
    ensureSchema(real);
    expect(real.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION);
  }
}
