import {
  BACKENDS,
  DEVICE_CLASSES,
  isNearsideError,
  ModelNameSchema,
  parse,
  VersionSchema,
} from '@nearside/core';
import * as v from 'valibot';
import { BUCKET_MS, HOUR_MS } from '../contribution.js';
import { DAY_MS } from '../days.js';
import { OTHER } from '../known-codes.js';
import { UNLISTED } from '../names.js';
import type { Refusal } from '../refusal.js';
import { RETENTION } from '../rollup-store.js';

const FLEET_QUERY = Object.freeze({
  /** Range when none is given. */
  defaultRangeMs: HOUR_MS,
  maxRangeMs: RETENTION.hourDays * DAY_MS,
  /** A step is chosen so that a chart has at most this many points… */
  preferredPoints: 200,
  /** …and one asked for may give at most this many. */
  maxPoints: 2000,
});

/** Steps people read easily: 5 and 15 minutes, 1 and 6 hours, 1 and 7 days. */
const STEPS_MS = [BUCKET_MS, 900_000, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS];

/** fromMs ≤ time < toMs, both multiples of stepMs. */
export interface FleetQuery {
  readonly model: string;
  readonly version?: string;
  readonly backend?: string;
  /** Class of device. */
  readonly device?: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

const Milliseconds = v.pipe(
  v.string(),
  v.regex(/^\d{1,15}$/, 'Unix time or a duration in whole ms'),
  v.transform(Number),
);

const QuerySchema = v.strictObject({
  model: ModelNameSchema,
  version: v.optional(v.union([VersionSchema, v.literal(UNLISTED)])),
  backend: v.optional(v.picklist([...BACKENDS, OTHER])),
  device: v.optional(v.picklist(DEVICE_CLASSES)),
  from: v.optional(Milliseconds),
  to: v.optional(Milliseconds),
  step: v.optional(Milliseconds),
});

export type ParsedQuery =
  | { readonly ok: true; readonly query: FleetQuery }
  | { readonly ok: false; readonly refusal: Refusal };

export function parseFleetQuery(raw: unknown, nowMs: number): ParsedQuery {
  let given: v.InferOutput<typeof QuerySchema>;
  try {
    given = parse(QuerySchema, raw, { code: 'input-invalid', what: 'query' });
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { path, expected, got } = error.details;
    return refused(error.message, { path, expected, got });
  }
  const { model, version, backend, device } = given;
  // The end is rounded up, so that a range that ends now includes the bucket in progress.
  const to = given.to ?? nowMs + 1;
  const from = given.from ?? to - FLEET_QUERY.defaultRangeMs;
  if (from >= to) {
    return refused(`query, from: expected a time before to (${to}), got ${from}.`, {
      path: 'from',
    });
  }
  if (to - from > FLEET_QUERY.maxRangeMs) {
    const days = FLEET_QUERY.maxRangeMs / DAY_MS;
    return refused(`query, from: expected a range of at most ${days} days.`, { path: 'from' });
  }
  // Older times are kept by the hour; a day's slack, because pruning goes by whole days.
  const finestMs = from < nowMs - (RETENTION.cellDays - 1) * DAY_MS ? HOUR_MS : BUCKET_MS;
  const stepMs = given.step ?? preferredStepMs(to - from, finestMs);
  if (stepMs === 0 || stepMs % finestMs !== 0) {
    return refused(`query, step: expected a multiple of ${finestMs} ms, got ${stepMs}.`, {
      path: 'step',
    });
  }
  const fromMs = Math.floor(from / stepMs) * stepMs;
  const toMs = Math.ceil(to / stepMs) * stepMs;
  if ((toMs - fromMs) / stepMs > FLEET_QUERY.maxPoints) {
    return refused(
      `query, step: expected at most ${FLEET_QUERY.maxPoints} steps in the range, got ${(toMs - fromMs) / stepMs}.`,
      { path: 'step' },
    );
  }
  return {
    ok: true,
    query: {
      model,
      ...(version !== undefined && { version }),
      ...(backend !== undefined && { backend }),
      ...(device !== undefined && { device }),
      fromMs,
      toMs,
      stepMs,
    },
  };
}

function preferredStepMs(rangeMs: number, finestMs: number): number {
  const { preferredPoints } = FLEET_QUERY;
  return (
    STEPS_MS.find((stepMs) => stepMs >= finestMs && rangeMs / stepMs <= preferredPoints) ??
    (STEPS_MS.at(-1) as number)
  );
}

function refused(message: string, details: Record<string, unknown>): ParsedQuery {
  return { ok: false, refusal: { code: 'query-invalid', message, details } };
}
