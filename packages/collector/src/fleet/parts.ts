/**
 * Answer of `GET /v1/fleet/parts`: which part of the fleet carries a change between the range and the range of the same
 * length before it?
 */
export interface FleetParts {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Start of the range before. */
  readonly beforeMs: number;
  readonly minDevices: number;
  /** Failed runs ÷ runs. */
  readonly failed: ChangeByPart;
  /** Mean time of a result, ms. */
  readonly time: ChangeByPart;
}

export interface ChangeByPart {
  /** Of the whole model. Null where nothing ran. */
  readonly now: number | null;
  readonly before: number | null;
  /** Those first that carry more than their part of the runs. Parts of fewer devices than the floor are left out. */
  readonly parts: readonly FleetPart[];
}

export interface FleetPart {
  readonly dimension: 'device' | 'backend' | 'version' | 'library' | 'app';
  readonly value: string;
  /** Of this part alone. Null where it did not run. */
  readonly now: number | null;
  readonly before: number | null;
  /** Of the runs of the range, 0 … 1. */
  readonly weight: number;
  /** Of the change; those of one dimension add up to 1, but for what is left out. Below 0: it moved the other way. */
  readonly share: number;
}
