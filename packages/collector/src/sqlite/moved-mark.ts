import Database from 'better-sqlite3';
import { StartError } from '../refusals/start-error.js';

/**
 * Marks a file as one whose rows a database has.
 *
 * @param where the database, for people and without a secret
 */
export function markMoved(file: string, where: string): void {
  const database = new Database(file);
  try {
    database.exec('CREATE TABLE IF NOT EXISTS moved (place TEXT NOT NULL, at INTEGER NOT NULL)');
    database.prepare('INSERT INTO moved VALUES (?, ?)').run(where, Date.now());
  } finally {
    database.close();
  }
}

/**
 * The database would never see what such a file takes.
 *
 * @throws StartError `file-moved`
 */
export function requireNotMoved(database: Database.Database): void {
  const hasMark = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'moved'").get();
  if (!hasMark) return;
  const last = database.prepare('SELECT place, at FROM moved ORDER BY at DESC LIMIT 1').get();
  const { place, at } = last as { place: string; at: number };
  const day = new Date(at).toISOString().slice(0, 10);
  throw new StartError(
    'file-moved',
    `${database.name} was moved to ${place} on ${day}. Start the collector with --database in place of --file.`,
  );
}
