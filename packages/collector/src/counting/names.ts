import type { ModelFacts, Report, VersionFacts } from '@nearside/core';
import { armName, backendName, deviceName, OTHER } from './known-codes.js';
import type { KnownNames, NameKind, Series, Unit } from './known-names.js';

/** Stands for a model or a version that has no row of its own. */
export const UNLISTED = 'unlisted';

/** A sender can invent names without end, and each takes rows. */
export const NAME_LIMITS = Object.freeze({
  models: 50,
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
  units: 4000,
});

/** Names under which reports of one model are counted. */
export interface ModelNames {
  readonly model: string;
  /** @param manifest a version with another manifest than the facts name is another version */
  version(name: string, manifest?: string): string;
  variant(name: string): string;
  app(name: string): string;
  library(name: string): string;
  outcome(name: string): string;
  experiment(name: string): string;
  baseline(version: string, hash: string): string;
}

/** These stand for other names, and get no row. */
const STANDING_IN = new Set(['', UNLISTED, OTHER]);

export type FoldedKind = 'model' | NameKind | 'series' | 'unit';

export interface Names {
  of(model: string): ModelNames;
  /** A report is counted under a cell, and under a row by cohort. */
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
  const rows = rowsOf(known, onFold);
  const models = new Map<string, ModelNames>();
  const unlisted = modelNames(rows, UNLISTED);
  rows.listed = listOf(facts);

  function of(name: string): ModelNames {
    const found = models.get(name);
    if (found) return found;
    if (!hasRow(rows, name)) {
      onFold('model');
      return unlisted;
    }
    const names = modelNames(rows, name);
    models.set(name, names);
    return names;
  }

  return {
    of,
    placeOf(report, names) {
      const series = seriesOf(report, names);
      const unit = unitOf(report, names, series.version);
      return { series: withinSeries(rows, series), unit: withinUnits(rows, unit) };
    },
    useFacts(next) {
      rows.listed = listOf(next);
      models.clear();
    },
  };
}

type Listed = ReadonlyMap<string, ReadonlyMap<string, VersionFacts>>;

/** The names that have rows. */
interface Rows {
  /** By model and version. Undefined: there are no facts, and the first names that come get rows. */
  listed: Listed | undefined;
  readonly models: Set<string>;
  /** By kind and model. */
  readonly names: Map<string, Set<string>>;
  readonly series: Set<string>;
  readonly units: Set<string>;
  readonly onFold: (kind: FoldedKind) => void;
}

function rowsOf(known: KnownNames, onFold: (kind: FoldedKind) => void): Rows {
  const rows: Rows = {
    listed: undefined,
    models: new Set(known.series.map(({ model }) => model)),
    names: new Map(),
    series: new Set(known.series.map(keyOfSeries)),
    units: new Set(known.units.map(keyOfUnit)),
    onFold,
  };
  rows.models.delete(UNLISTED);
  for (const { kind, model, name } of known.names) {
    if (!STANDING_IN.has(name)) namesOf(rows, kind, model).add(name);
  }
  return rows;
}

function listOf(facts: ModelFacts | undefined): Listed | undefined {
  if (!facts) return undefined;
  return new Map(
    facts.models.map(({ model, versions }) => [
      model,
      new Map(versions.map((version) => [version.version, version])),
    ]),
  );
}

function namesOf({ names }: Rows, kind: NameKind, model: string): Set<string> {
  const key = `${kind} ${model}`;
  const found = names.get(key) ?? new Set();
  names.set(key, found);
  return found;
}

/** @returns whether the name has a row, or gets one now */
function admits(names: Set<string>, name: string, limit: number): boolean {
  if (names.has(name)) return true;
  // plain objects have such a name already
  if (names.size >= limit || name in Object.prototype) return false;
  names.add(name);
  return true;
}

function hasRow({ listed, models }: Rows, model: string): boolean {
  return listed ? listed.has(model) : admits(models, model, NAME_LIMITS.models);
}

function modelNames(rows: Rows, model: string): ModelNames {
  return {
    model,
    version: (name, manifest) => versionOf(rows, model, { name, manifest }),
    variant: (name) => heldName(rows, 'variant', model, name),
    app: (name) => heldName(rows, 'app', model, name),
    library: (name) => heldName(rows, 'library', model, name),
    outcome: (name) => heldName(rows, 'outcome', model, name),
    experiment: (name) => heldName(rows, 'experiment', model, name),
    baseline: (version, hash) => baselineOf(rows, model, { version, hash }),
  };
}

function heldName(rows: Rows, kind: NameKind, model: string, name: string): string {
  const limit = NAME_LIMITS[kind];
  if (model !== UNLISTED && admits(namesOf(rows, kind, model), name, limit)) return name;
  rows.onFold(kind);
  return OTHER;
}

function versionOf(
  rows: Rows,
  model: string,
  { name, manifest }: { name: string; manifest: string | undefined },
): string {
  if (model === UNLISTED) return UNLISTED;
  const facts = rows.listed?.get(model)?.get(name);
  const fits = rows.listed
    ? facts !== undefined && (manifest === undefined || facts.manifest === manifest)
    : admits(namesOf(rows, 'version', model), name, NAME_LIMITS.version);
  if (fits) return name;
  rows.onFold('version');
  return UNLISTED;
}

function baselineOf(
  rows: Rows,
  model: string,
  { version, hash }: { version: string; hash: string },
): string {
  const facts = rows.listed?.get(model)?.get(version);
  const names = namesOf(rows, 'baseline', `${model} ${version}`);
  const fits =
    model !== UNLISTED &&
    version !== UNLISTED &&
    (facts ? facts.baselineHash === hash : admits(names, hash, NAME_LIMITS.baseline));
  if (fits) return hash;
  rows.onFold('baseline');
  return OTHER;
}

function seriesOf({ dimensions }: Report, names: ModelNames): Series {
  const { version, manifest, variant, backend, device, arm } = dimensions;
  return {
    model: names.model,
    version: version === undefined ? '' : names.version(version, manifest),
    variant: variant === undefined ? '' : names.variant(variant),
    backend: backend === undefined ? '' : backendName(backend),
    device: deviceName(device),
    arm: arm === undefined ? '' : armName(arm),
  };
}

/** @param version under which the report is counted */
function unitOf({ dimensions }: Report, names: ModelNames, version: string): Unit {
  const { assigned, arm, experiment } = dimensions;
  return {
    model: names.model,
    version,
    assigned: assigned === undefined ? '' : names.version(assigned),
    arm: arm === undefined ? '' : armName(arm),
    experiment: experiment === undefined ? '' : names.experiment(experiment),
  };
}

function withinSeries(rows: Rows, own: Series): Series {
  if (admits(rows.series, keyOfSeries(own), NAME_LIMITS.series)) return own;
  rows.onFold('series');
  const { model, version } = own;
  return { model, version, variant: OTHER, backend: OTHER, device: OTHER, arm: '' };
}

function withinUnits(rows: Rows, own: Unit): Unit {
  if (admits(rows.units, keyOfUnit(own), NAME_LIMITS.units)) return own;
  rows.onFold('unit');
  const { model, version } = own;
  return { model, version, assigned: '', arm: '', experiment: '' };
}

function keyOfSeries({ model, version, variant, backend, device, arm }: Series): string {
  return `${model} ${version} ${variant} ${backend} ${device} ${arm}`;
}

function keyOfUnit({ model, version, assigned, arm, experiment }: Unit): string {
  return `${model} ${version} ${assigned} ${arm} ${experiment}`;
}
