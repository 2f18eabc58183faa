import type Database from 'better-sqlite3';
import type { Series, Unit } from '../counting/known-names.js';

/** Ids of models, series and units, made on demand and remembered. */
export interface RowIds {
  model(name: string): number;
  series(series: Series): number;
  unit(unit: Unit): number;
  /** Forgets all ids, because a transaction was undone that made some of them. */
  forget(): void;
}

export function prepareRowIds(database: Database.Database): RowIds {
  const known = new Map<string, number>();
  const findModel = database.prepare('SELECT id FROM model WHERE name = ?').pluck();
  const insertModel = database.prepare('INSERT INTO model (name) VALUES (?) RETURNING id').pluck();
  const findSeries = database
    .prepare(`
      SELECT id FROM series
      WHERE model = ? AND version = ? AND variant = ? AND backend = ? AND device = ? AND arm = ?`)
    .pluck();
  const insertSeries = database
    .prepare(`
      INSERT INTO series (model, version, variant, backend, device, arm) VALUES (?, ?, ?, ?, ?, ?)
      RETURNING id`)
    .pluck();
  const findUnit = database
    .prepare(`
      SELECT id FROM unit
      WHERE model = ? AND version = ? AND assigned = ? AND arm = ? AND experiment = ?`)
    .pluck();
  const insertUnit = database
    .prepare(`
      INSERT INTO unit (model, version, assigned, arm, experiment) VALUES (?, ?, ?, ?, ?)
      RETURNING id`)
    .pluck();

  function idOf(
    kind: string,
    key: readonly (string | number)[],
    find: Database.Statement,
    insert: Database.Statement,
  ): number {
    const text = `${kind} ${key.join(' ')}`;
    const found = known.get(text);
    if (found !== undefined) return found;
    const id = (find.get(...key) ?? insert.get(...key)) as number;
    known.set(text, id);
    return id;
  }

  function model(name: string): number {
    return idOf('model', [name], findModel, insertModel);
  }

  return {
    model,
    series: ({ model: name, version, variant, backend, device, arm }) =>
      idOf(
        'series',
        [model(name), version, variant, backend, device, arm],
        findSeries,
        insertSeries,
      ),
    unit: ({ model: name, version, assigned, arm, experiment }) =>
      idOf('unit', [model(name), version, assigned, arm, experiment], findUnit, insertUnit),
    forget: () => known.clear(),
  };
}
