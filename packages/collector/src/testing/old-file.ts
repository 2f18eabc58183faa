import type Database from 'better-sqlite3';
import { sampleContribution } from './sample-report.js';
import { SCHEMA_2 } from './schema-2.js';
import { SCHEMA_3 } from './schema-3.js';

const SCHEMAS = { 2: SCHEMA_2, 3: SCHEMA_3 } as const;

/** Makes an empty file one of an older schema, with a report that was acknowledged and not yet added to the tables. */
export function fillOldFile(database: Database.Database, schema: keyof typeof SCHEMAS): void {
  database.pragma('auto_vacuum = INCREMENTAL');
  database.exec(SCHEMAS[schema]);
  database.pragma('application_id = 0x6e656172');
  database.pragma(`user_version = ${schema}`);
  database
    .prepare('INSERT INTO log (contributions) VALUES (?)')
    .run(JSON.stringify([sampleContribution()]));
}
