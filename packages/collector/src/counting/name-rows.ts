import { OTHER } from './known-codes.js';
import type { KnownName, Name, NameKind, Series } from './known-names.js';
import { RETENTION } from './retention.js';
import { utcDay } from './time.js';
import { ToldCohorts } from './told-cohorts.js';

/** Stands for a model or a version that has no row of its own. */
export const UNLISTED = 'unlisted';

/** A sender can invent names without end, and each takes rows. */
export const NAME_LIMITS: Readonly<Record<NameKind, number>> = Object.freeze({
  model: 50,
  /** A model has at most so many, where no `models.json` lists them. */
  version: 20,
  variant: 8,
  app: 20,
  library: 12,
  outcome: 4,
  experiment: 40,
  /** A version has at most so many. */
  baseline: 2,
  /** Combinations of names of all models. A combination over the limit is counted under its version alone. */
  series: 4000,
  unit: 4000,
});

/** A name for which there is no room takes the place of another one under these conditions. */
const REPLACING = Object.freeze({
  /** So many cohorts told of it within a day. */
  cohorts: 5,
  /** No report told of the other one for so many days. */
  silentDays: 7,
});

/** Tells whether a name stands for others. None of these takes a place. */
export function standsForOthers(name: string): boolean {
  return name === '' || name === UNLISTED || name === OTHER;
}

/** Tells whether a series is of all combinations of its version that have no row of their own. */
export function standsForOtherSeries({ variant, backend, device }: Series): boolean {
  return [variant, backend, device].every((one) => one === OTHER);
}

/** Who tells of a name, and when. */
export interface Telling {
  readonly cohort: number;
  readonly atMs: number;
}

/** The names that have rows. */
export class NameRows {
  /** By kind and model: names with the last day on which they were told of. The one that is silent longest is first. */
  readonly #held = new Map<string, Map<string, number>>();
  /** Of names without room. */
  readonly #told = new ToldCohorts();

  constructor(known: readonly KnownName[]) {
    const byDay = [...known].sort((a, b) => a.day - b.day);
    for (const one of byDay) this.#namesLike(one).set(one.name, one.day);
    // a name that was replaced has rows until they are pruned
    for (const [key, names] of this.#held) {
      const most = NAME_LIMITS[key.split(' ')[0] as NameKind];
      for (const name of names.keys()) if (names.size > most) names.delete(name);
    }
  }

  has(name: Name): boolean {
    return this.#namesLike(name).has(name.name);
  }

  /** @returns whether the name has a row, or gets one now */
  admits(one: Name, telling: Telling): boolean {
    const { name } = one;
    // plain objects have such a name already
    if (standsForOthers(name) || name in Object.prototype) return false;
    const names = this.#namesLike(one);
    const today = utcDay(telling.atMs);
    const day = names.get(name);
    if (day === undefined && !this.#makesRoom(one, names, telling)) return false;
    if (day === undefined || day < today) {
      names.delete(name);
      names.set(name, today);
    }
    return true;
  }

  #makesRoom(one: Name, names: Map<string, number>, telling: Telling): boolean {
    const today = utcDay(telling.atMs);
    for (const [held, day] of names) {
      if (day >= today - RETENTION.hourDays) break;
      names.delete(held); // its counts are pruned
    }
    const { kind, model, name } = one;
    if (names.size < NAME_LIMITS[kind]) return true;
    const cohorts = this.#told.tell(`${kind} ${model} ${name}`, telling.cohort, telling.atMs);
    if (cohorts < REPLACING.cohorts) return false;
    const [[silent, day] = ['', today]] = names;
    if (day >= today - REPLACING.silentDays) return false;
    names.delete(silent);
    return true;
  }

  #namesLike({ kind, model }: Name): Map<string, number> {
    const key = `${kind} ${model}`;
    const found = this.#held.get(key) ?? new Map<string, number>();
    this.#held.set(key, found);
    return found;
  }
}
