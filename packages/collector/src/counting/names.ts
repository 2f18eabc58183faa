import type { ModelFacts, Report, VersionFacts } from '@nearside/core';
import { armName, backendName, deviceName, OTHER } from './known-codes.js';
import {
  type KnownName,
  type NameKind,
  type Series,
  seriesName,
  type Unit,
  unitName,
} from './known-names.js';
import { NameRows, standsForOtherSeries, type Telling, UNLISTED } from './name-rows.js';

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
  /** A report is counted under a cell, and under a row by cohort. */
  placeOf(report: Report): Place;
  /** The same where their names have rows already. */
  placeWithin(series: Series, unit: Unit): Place;
}

interface Place {
  readonly series: Series;
  readonly unit: Unit;
}

export interface Names {
  /** @param telling the report that names the model */
  of(model: string, telling: Telling): ModelNames;
  /** The model has rows. */
  knows(model: string): boolean;
  /** From now on the models and versions of these facts have rows, and no others. */
  useFacts(facts: ModelFacts | undefined): void;
}

/**
 * Decides which names get rows: those of the facts, else those that come first, and later those that are told of where
 * others are silent. It begins with what the store holds, so that a restart changes nothing.
 */
export function createNames(
  known: readonly KnownName[],
  { facts, onFold = () => {} }: { facts?: ModelFacts; onFold?: (kind: NameKind) => void } = {},
): Names {
  const held: Held = { rows: new NameRows(known), listed: listOf(facts), onFold };
  return {
    of(name, telling) {
      if (hasRow(held, name, telling)) return modelNames(held, name, telling);
      onFold('model');
      return modelNames(held, UNLISTED, telling);
    },
    knows: (model) =>
      held.listed?.has(model) ?? held.rows.has({ kind: 'model', model: '', name: model }),
    useFacts(next) {
      held.listed = listOf(next);
    },
  };
}

type Listed = ReadonlyMap<string, ReadonlyMap<string, VersionFacts>>;

interface Held {
  readonly rows: NameRows;
  /** By model and version. Undefined: there are no facts, and the first names that come get rows. */
  listed: Listed | undefined;
  readonly onFold: (kind: NameKind) => void;
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

function hasRow({ listed, rows }: Held, model: string, telling: Telling): boolean {
  return listed
    ? listed.has(model)
    : rows.admits({ kind: 'model', model: '', name: model }, telling);
}

function modelNames(held: Held, model: string, telling: Telling): ModelNames {
  const heldName = (kind: NameKind) => (name: string) => {
    if (model !== UNLISTED && held.rows.admits({ kind, model, name }, telling)) return name;
    held.onFold(kind);
    return OTHER;
  };
  const names = {
    model,
    version: (name: string, manifest?: string) =>
      versionOf(held, { model, name, manifest }, telling),
    variant: heldName('variant'),
    app: heldName('app'),
    library: heldName('library'),
    outcome: heldName('outcome'),
    experiment: heldName('experiment'),
    baseline: (version: string, hash: string) =>
      baselineOf(held, { model, version, hash }, telling),
  };
  const placeWithin = (series: Series, unit: Unit) => ({
    series: withinSeries(held, series, telling),
    unit: withinUnits(held, unit, telling),
  });
  return {
    ...names,
    placeOf(report) {
      const series = seriesOf(report, names);
      return placeWithin(series, unitOf(report, names, series.version));
    },
    placeWithin,
  };
}

function versionOf(
  { rows, listed, onFold }: Held,
  { model, name, manifest }: { model: string; name: string; manifest: string | undefined },
  telling: Telling,
): string {
  if (model === UNLISTED) return UNLISTED;
  const facts = listed?.get(model)?.get(name);
  const fits = listed
    ? facts !== undefined && (manifest === undefined || facts.manifest === manifest)
    : rows.admits({ kind: 'version', model, name }, telling);
  if (fits) return name;
  onFold('version');
  return UNLISTED;
}

function baselineOf(
  { rows, listed, onFold }: Held,
  { model, version, hash }: { model: string; version: string; hash: string },
  telling: Telling,
): string {
  const facts = listed?.get(model)?.get(version);
  const fits =
    model !== UNLISTED &&
    version !== UNLISTED &&
    (facts
      ? facts.baselineHash === hash
      : rows.admits({ kind: 'baseline', model: `${model} ${version}`, name: hash }, telling));
  if (fits) return hash;
  onFold('baseline');
  return OTHER;
}

type Words = Omit<ModelNames, 'placeOf' | 'placeWithin'>;

function seriesOf({ dimensions }: Report, names: Words): Series {
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
function unitOf({ dimensions }: Report, names: Words, version: string): Unit {
  const { assigned, arm, experiment } = dimensions;
  return {
    model: names.model,
    version,
    assigned: assigned === undefined ? '' : names.version(assigned),
    arm: arm === undefined ? '' : armName(arm),
    experiment: experiment === undefined ? '' : names.experiment(experiment),
  };
}

function withinSeries({ rows, onFold }: Held, own: Series, telling: Telling): Series {
  if (standsForOtherSeries(own)) return own;
  if (rows.admits({ kind: 'series', model: '', name: seriesName(own) }, telling)) return own;
  onFold('series');
  const { model, version } = own;
  return { model, version, variant: OTHER, backend: OTHER, device: OTHER, arm: '' };
}

function withinUnits({ rows, onFold }: Held, own: Unit, telling: Telling): Unit {
  if (rows.admits({ kind: 'unit', model: '', name: unitName(own) }, telling)) return own;
  onFold('unit');
  const { model, version } = own;
  return { model, version, assigned: '', arm: '', experiment: '' };
}
