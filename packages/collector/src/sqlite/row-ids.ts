import type Database from 'better-sqlite3';
import type { Series, Unit } from '../counting/known-names.js';

/** Ids of models, series and units are made on demand and remembered. */
export function prepareRowIds(database: Database.Database) {
  const known = new Map<string, number>();

  function prepareIds(table: string, columns: readonly string[]) {
    const fits = columns.map((column) => `${column} = ?`).join(' AND ');
    const find = database.prepare(`SELECT id FROM ${table} WHERE ${fits}`).pluck();
    const values = columns.map(() => '?').join(', ');
    const insert = database
      .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values}) RETURNING id`)
      .pluck();
    return (...key: readonly (string | number)[]): number => {
      const text = `${table} ${key.join(' ')}`;
      const found = known.get(text);
      if (found !== undefined) return found;
      const id = (find.get(...key) ?? insert.get(...key)) as number;
      known.set(text, id);
      return id;
    };
  }

  const model = prepareIds('model', ['name']);
  const series = prepareIds('series', ['model', 'version', 'variant', 'backend', 'device', 'arm']);
  const unit = prepareIds('unit', ['model', 'version', 'assigned', 'arm', 'experiment']);
  return {
    model,
    series: ({ model: name, version, variant, backend, device, arm }: Series) =>
      series(model(name), version, variant, backend, device, arm),
    unit: ({ model: name, version, assigned, arm, experiment }: Unit) =>
      unit(model(name), version, assigned, arm, experiment),
    /** Forgets all ids, because a transaction was undone that made some of them. */
    forget: () => known.clear(),
  };
}
