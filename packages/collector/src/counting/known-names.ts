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

export type NameKind =
  | 'version'
  | 'variant'
  | 'app'
  | 'library'
  | 'outcome'
  | 'experiment'
  | 'baseline';

export interface KnownNames {
  /** For a baseline, `model` is the model and its version with a space between. */
  readonly names: readonly { kind: NameKind; model: string; name: string }[];
  readonly series: readonly Series[];
  readonly units: readonly Unit[];
}
