import { type KnownName, type NameKind, seriesName, unitName } from '../counting/known-names.js';
import { standsForOtherSeries, standsForOthers } from '../counting/name-rows.js';
import type { Pending, PendingCell, PendingCohort } from './pending.js';

/** Finds the names that a store has to write down. Each is written once a day, however many rows have it. */
export class NewNames {
  readonly #written = new Map<string, number>();

  /** Names of pending rows that were not told of on that day. The caller writes each of them. */
  *in(pending: Pending): Generator<KnownName> {
    for (const cell of pending.cells.values()) {
      for (const name of namesOfCell(cell)) if (this.#isNew(name)) yield name;
    }
    for (const row of pending.cohorts.values()) {
      for (const name of namesOfCohort(row)) if (this.#isNew(name)) yield name;
    }
  }

  /** Forgets what was written, because it was undone. */
  forget(): void {
    this.#written.clear();
  }

  #isNew({ kind, model, name, day }: KnownName): boolean {
    if (standsForOthers(name)) return false;
    const key = `${kind} ${model} ${name}`;
    if ((this.#written.get(key) ?? 0) >= day) return false;
    this.#written.set(key, day);
    return true;
  }
}

function* namesOfCell({ series, counts, day }: PendingCell): Generator<KnownName> {
  const { model, version, variant } = series;
  const named = (kind: NameKind, name: string) => ({ kind, model, name, day });
  yield { kind: 'model', model: '', name: model, day };
  yield named('version', version);
  yield named('variant', variant);
  // a combination without a row of its own has none of these
  if (!standsForOtherSeries(series)) {
    yield { kind: 'series', model: '', name: seriesName(series), day };
  }
  for (const name of Object.keys(counts.apps ?? {})) yield named('app', name);
  for (const name of Object.keys(counts.libraries ?? {})) yield named('library', name);
  for (const name of Object.keys(counts.assigned ?? {})) yield named('version', name);
  for (const key of Object.keys(counts.quarantines ?? {})) {
    yield named('variant', key.split(' ')[1] ?? '');
  }
}

function* namesOfCohort({ unit, counts, day }: PendingCohort): Generator<KnownName> {
  const { model, version, assigned, experiment } = unit;
  const named = (kind: NameKind, name: string) => ({ kind, model, name, day });
  yield { kind: 'unit', model: '', name: unitName(unit), day };
  yield named('version', assigned);
  yield named('experiment', experiment);
  const { outcomes = {}, updates = {}, shadow = {}, parts = {} } = counts;
  for (const name of Object.keys(outcomes)) yield named('outcome', name);
  for (const name of Object.keys(updates)) yield named('version', name);
  for (const name of Object.keys(shadow)) yield named('version', name);
  for (const { drift = {} } of Object.values(parts)) {
    for (const name of Object.keys(drift)) {
      yield { kind: 'baseline', model: `${model} ${version}`, name, day };
    }
  }
}
