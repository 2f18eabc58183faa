import type { ModelFacts, Report, VersionFacts } from '@nearside/core';
import { backendName, deviceName, OTHER } from './known-codes.js';
import type { KnownNames, NameKind, Series, Unit } from './known-names.js';

/** What stands for a model or a version that has no row of its own. */
export const UNLISTED = 'unlisted';

/** A sender can invent names without end; each costs rows. */
export const NAME_LIMITS = Object.freeze({
  models: 50,
  /** Of a model, where no `models.json` lists them. */
  version: 20,
  variant: 8,
  app: 20,
  library: 12,
  outcome: 4,
  experiment: 40,
  /** Of a version. */
  baseline: 2,
  /** Combinations of names, of all models together; what is over is counted under its version alone. */
  series: 4000,
  units: 4000,
});

/** Names that reports of one model may be counted under. */
export interface ModelNames {
  readonly model: string;
  /** @param manifest where it is known: another one than the facts name is another version */
  version(name: string, manifest?: string): string;
  variant(name: string): string;
  app(name: string): string;
  library(name: string): string;
  outcome(name: string): string;
  experiment(name: string): string;
  baseline(version: string, hash: string): string;
}

/** These are no names of anybody's. */
const STANDING_IN = new Set(['', UNLISTED, OTHER]);

export type FoldedKind = 'model' | NameKind | 'series' | 'unit';

export interface Names {
  of(model: string): ModelNames;
  /** What a report is counted under: its cell, and its row by cohort. */
  placeOf(report: Report, names: ModelNames): { series: Series; unit: Unit };
  /** From now on the models and versions of these facts have rows, and no others. */
  useFacts(facts: ModelFacts | undefined): void;
}

/**
 * Decides which names get rows: those of the facts, else those that come first. It begins with what the store holds, so
 * that a restart changes nothing.
 */
export function createNames(
  known: KnownNames,
  { facts, onFold = () => {} }: { facts?: ModelFacts; onFold?: (kind: FoldedKind) => void } = {},
): Names {
  const models = new Map<string, ModelNames>();
  const given = new Map<string, Set<string>>();
  const series = new Set(known.series.map(keyOfSeries));
  const units = new Set(known.units.map(keyOfUnit));
  let listed = listOf(facts);

  for (const { kind, model, name } of known.names) {
    if (!STANDING_IN.has(name)) namesOf(kind, model).add(name);
  }
  const seenModels = new Set(known.series.map(({ model }) => model));
  seenModels.delete(UNLISTED);

  function namesOf(kind: NameKind, model: string): Set<string> {
    const key = `${kind} ${model}`;
    const names = given.get(key) ?? new Set();
    given.set(key, names);
    return names;
  }

  /** @returns whether it has a row, or gets one now */
  function admits(names: Set<string>, name: string, limit: number): boolean {
    if (names.has(name)) return true;
    // on plain objects such a name is not what it seems
    if (names.size >= limit || name in Object.prototype) return false;
    names.add(name);
    return true;
  }

  function held(kind: NameKind, model: string, name: string): string {
    if (model !== UNLISTED && admits(namesOf(kind, model), name, NAME_LIMITS[kind])) return name;
    onFold(kind);
    return OTHER;
  }

  function hasRow(model: string): boolean {
    return listed ? listed.has(model) : admits(seenModels, model, NAME_LIMITS.models);
  }

  function versionOf(model: string, name: string, manifest: string | undefined): string {
    if (model === UNLISTED) return UNLISTED;
    const facts = listed?.get(model)?.get(name);
    const fits = listed
      ? facts !== undefined && (manifest === undefined || facts.manifest === manifest)
      : admits(namesOf('version', model), name, NAME_LIMITS.version);
    if (fits) return name;
    onFold('version');
    return UNLISTED;
  }

  function baselineOf(model: string, version: string, hash: string): string {
    const facts = listed?.get(model)?.get(version);
    const names = namesOf('baseline', `${model} ${version}`);
    const fits =
      model !== UNLISTED &&
      version !== UNLISTED &&
      (facts ? facts.baselineHash === hash : admits(names, hash, NAME_LIMITS.baseline));
    if (fits) return hash;
    onFold('baseline');
    return OTHER;
  }

  function of(name: string): ModelNames {
    const found = models.get(name);
    if (found) return found;
    if (!hasRow(name)) {
      onFold('model');
      return unlisted;
    }
    const names = namesIn(name);
    models.set(name, names);
    return names;
  }

  function namesIn(model: string): ModelNames {
    return {
      model,
      version: (name, manifest) => versionOf(model, name, manifest),
      variant: (name) => held('variant', model, name),
      app: (name) => held('app', model, name),
      library: (name) => held('library', model, name),
      outcome: (name) => held('outcome', model, name),
      experiment: (name) => held('experiment', model, name),
      baseline: (version, hash) => baselineOf(model, version, hash),
    };
  }
  const unlisted = namesIn(UNLISTED);

  function placeOf({ dimensions }: Report, names: ModelNames): { series: Series; unit: Unit } {
    const { version, manifest, variant, backend, device, arm, assigned, experiment } = dimensions;
    const { model } = names;
    const ownVersion = version === undefined ? '' : names.version(version, manifest);
    const ownSeries: Series = {
      model,
      version: ownVersion,
      variant: variant === undefined ? '' : names.variant(variant),
      backend: backend === undefined ? '' : backendName(backend),
      device: deviceName(device),
      arm: arm ?? '',
    };
    const ownUnit: Unit = {
      model,
      version: ownVersion,
      assigned: assigned === undefined ? '' : names.version(assigned),
      arm: arm ?? '',
      experiment: experiment === undefined ? '' : names.experiment(experiment),
    };
    return { series: withinSeries(ownSeries), unit: withinUnits(ownUnit) };
  }

  function withinSeries(own: Series): Series {
    if (admits(series, keyOfSeries(own), NAME_LIMITS.series)) return own;
    onFold('series');
    const { model, version } = own;
    return { model, version, variant: OTHER, backend: OTHER, device: OTHER, arm: '' };
  }

  function withinUnits(own: Unit): Unit {
    if (admits(units, keyOfUnit(own), NAME_LIMITS.units)) return own;
    onFold('unit');
    const { model, version } = own;
    return { model, version, assigned: '', arm: '', experiment: '' };
  }

  return {
    of,
    placeOf,
    useFacts(next) {
      listed = listOf(next);
      models.clear();
    },
  };
}

type Listed = ReadonlyMap<string, ReadonlyMap<string, VersionFacts>>;

function listOf(facts: ModelFacts | undefined): Listed | undefined {
  if (!facts) return undefined;
  return new Map(
    facts.models.map(({ model, versions }) => [
      model,
      new Map(versions.map((version) => [version.version, version])),
    ]),
  );
}

function keyOfSeries({ model, version, variant, backend, device, arm }: Series): string {
  return `${model} ${version} ${variant} ${backend} ${device} ${arm}`;
}

function keyOfUnit({ model, version, assigned, arm, experiment }: Unit): string {
  return `${model} ${version} ${assigned} ${arm} ${experiment}`;
}
