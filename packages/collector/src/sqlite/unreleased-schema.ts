import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.js';

/** "near" in ASCII: the `application_id` of files that were made before the first release. */
const UNRELEASED_ID = 0x6e656172;

export interface MovedAside {
  readonly schema: number;
  readonly to: string;
}

/**
 * Renames a file whose schema was never released, with its journal.
 *
 * @returns undefined where the file is none of these, or is not there
 */
export function moveAsideUnreleased(file: string): MovedAside | undefined {
  if (!existsSync(file)) return undefined;
  const schema = unreleasedSchemaOf(file);
  if (schema === undefined) return undefined;
  const to = `${file}.unreleased-schema-${schema}`;
  if (existsSync(to)) {
    throw new Error(
      `its schema was never released, and ${to} exists already, so it was not renamed`,
    );
  }
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, to + suffix);
  }
  return { schema, to };
}

function unreleasedSchemaOf(file: string): number | undefined {
  const database = new Database(file);
  try {
    const application = database.pragma('application_id', { simple: true });
    const schema = database.pragma('user_version', { simple: true }) as number;
    // no schema before the present one was released either
    const isUnreleased =
      application === UNRELEASED_ID || (application === APPLICATION_ID && schema < SCHEMA_VERSION);
    return isUnreleased ? schema : undefined;
  } finally {
    database.close();
  }
}
