import type { Series, Unit } from '../counting/known-names.js';
import type { Session } from './session.js';

const NAMES_OF = {
  model: ['name'],
  series: ['model', 'version', 'variant', 'backend', 'device', 'arm'],
  unit: ['model', 'version', 'assigned', 'arm', 'experiment'],
} as const;

/** Ids of models, series and units. They are made for many at once and remembered. */
export class RowIds {
  readonly #known = new Map<string, number>();

  model(name: string): number {
    return this.#idOf('model', [name]);
  }

  series({ model, version, variant, backend, device, arm }: Series): number {
    return this.#idOf('series', [this.model(model), version, variant, backend, device, arm]);
  }

  unit({ model, version, assigned, arm, experiment }: Unit): number {
    return this.#idOf('unit', [this.model(model), version, assigned, arm, experiment]);
  }

  /** Makes those that are missing. From then on these have ids. */
  async make(
    session: Session,
    { series, units }: { readonly series: Iterable<Series>; readonly units: Iterable<Unit> },
  ): Promise<void> {
    const [allSeries, allUnits] = [[...series], [...units]];
    await this.#makeAll(
      session,
      'model',
      [...allSeries, ...allUnits].map(({ model }) => [model]),
    );
    await this.#makeAll(
      session,
      'series',
      allSeries.map(({ model, version, variant, backend, device, arm }) => {
        return [this.model(model), version, variant, backend, device, arm];
      }),
    );
    await this.#makeAll(
      session,
      'unit',
      allUnits.map(({ model, version, assigned, arm, experiment }) => {
        return [this.model(model), version, assigned, arm, experiment];
      }),
    );
  }

  async #makeAll(
    session: Session,
    table: keyof typeof NAMES_OF,
    all: readonly (readonly (string | number)[])[],
  ): Promise<void> {
    const missing = all.filter((names) => !this.#known.has(keyOf(table, names)));
    if (missing.length === 0) return;
    const columns = NAMES_OF[table];
    const types = columns.map((column) => (column === 'model' ? 'bigint' : 'text'));
    const given = `unnest(${types.map((type, i) => `$${i + 1}::${type}[]`)})`;
    const values = columns.map((_, i) => missing.map((names) => names[i]));
    await session.query(
      `INSERT INTO ${table} (${columns}) SELECT DISTINCT * FROM ${given} ON CONFLICT DO NOTHING`,
      values,
    );
    const { rows } = await session.query(
      `SELECT t.* FROM ${table} t JOIN ${given} AS g (${columns}) USING (${columns})`,
      values,
    );
    for (const row of rows) {
      this.#known.set(
        keyOf(
          table,
          columns.map((column) => row[column]),
        ),
        row.id,
      );
    }
  }

  #idOf(table: keyof typeof NAMES_OF, names: readonly (string | number)[]): number {
    const id = this.#known.get(keyOf(table, names));
    if (id === undefined) throw new Error(`${table} ${names.join(' ')} has no id`);
    return id;
  }
}

function keyOf(table: string, names: readonly (string | number)[]): string {
  return `${table} ${names.join(' ')}`;
}
