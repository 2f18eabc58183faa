/** The dimensions of a cell, beside its time. An empty one was not known when the report was made. */
export interface Series {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly backend: string;
  readonly device: string;
  readonly arm: string;
}

/** The dimensions of a row by cohort: the version that served, and the version that the rollout had assigned. */
export interface Unit {
  readonly model: string;
  readonly version: string;
  readonly assigned: string;
  readonly arm: string;
  readonly experiment: string;
}

export const NAME_KINDS = [
  'model',
  'version',
  'variant',
  'app',
  'library',
  'outcome',
  'experiment',
  'baseline',
  /** Combinations of the dimensions above, as `seriesName` and `unitName` write them. */
  'series',
  'unit',
] as const;
export type NameKind = (typeof NAME_KINDS)[number];

export interface Name {
  readonly kind: NameKind;
  /** A baseline has its model and version, with a space between. Empty for a model, a series and a unit. */
  readonly model: string;
  readonly name: string;
}

/** A name that has rows, and the last UTC day on which a report told of it. */
export interface KnownName extends Name {
  readonly day: number;
}

export function seriesName({ model, version, variant, backend, device, arm }: Series): string {
  return `${model} ${version} ${variant} ${backend} ${device} ${arm}`;
}

export function unitName({ model, version, assigned, arm, experiment }: Unit): string {
  return `${model} ${version} ${assigned} ${arm} ${experiment}`;
}
