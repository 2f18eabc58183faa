import {
  BACKENDS,
  DEVICE_CLASSES,
  type ModelFacts,
  ModelNameSchema,
  VersionSchema,
} from '@nearside/core';
import * as v from 'valibot';
import { OTHER } from '../counting/known-codes.js';
import { UNLISTED } from '../counting/name-rows.js';
import { RETENTION } from '../counting/retention.js';
import { BUCKET_MS, DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import { type Parsed, parseRequest } from '../refusals/read-request.js';
import type { ModelRange } from '../store/rollup-store.js';

const FLEET_QUERY = Object.freeze({
  /** The range when none is given. */
  defaultRangeMs: HOUR_MS,
  /** A step is chosen so that a chart has no more points than this. */
  preferredPoints: 200,
  /** A given step may make no more points than this. */
  maxPoints: 2000,
});

/** Reports of a window have come in by so long after its end. */
export const REPORTED_MS = 600_000;

/** People read these steps easily: 5 and 15 minutes, 1 and 6 hours, 1 and 7 days. */
const STEPS_MS = [BUCKET_MS, 900_000, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS];

/** Both bounds are multiples of stepMs. */
export interface FleetQuery extends ModelRange {
  readonly version?: string;
  readonly backend?: string;
  /** Class of device. */
  readonly device?: string;
  readonly stepMs: number;
}

/** Things that an answer needs beside reports. */
export interface ModelContext {
  /** The facts of the model that is asked about. Without them no baseline is known. */
  readonly facts?: ModelFacts['models'][number] | undefined;
  /** Version of the signed targets that the facts were made of. */
  readonly revision?: number | null;
  /** Pin of the repository that they are from. */
  readonly pin?: string | null;
  /** Groups of fewer devices are suppressed. */
  readonly minDevices: number;
  /** Only what is wrong at the end of the range is asked for: nothing is read of rollouts that are over, or of old windows. */
  readonly isOfNow?: boolean;
}

/** Returns what facts say about a model. */
export function factsAbout(
  model: string,
  facts: ModelFacts | undefined,
): Pick<ModelContext, 'facts' | 'revision' | 'pin'> {
  return {
    facts: facts?.models.find((one) => one.model === model),
    revision: facts?.revision ?? null,
    pin: facts?.pin ?? null,
  };
}

const Milliseconds = v.pipe(
  v.string(),
  v.regex(/^\d{1,15}$/, 'Unix time or a duration in whole ms'),
  v.transform(Number),
);

const QuerySchema = v.strictObject({
  model: ModelNameSchema,
  version: v.exactOptional(v.union([VersionSchema, v.literal(UNLISTED)])),
  backend: v.exactOptional(v.picklist([...BACKENDS, OTHER])),
  device: v.exactOptional(v.picklist(DEVICE_CLASSES)),
  from: v.optional(Milliseconds),
  to: v.optional(Milliseconds),
  step: v.optional(Milliseconds),
});

/** The ranges for which a question can be asked. */
export interface QueryScope {
  /** Longest range. */
  readonly maxDays: number;
  /** Bounds are rounded out to steps, to UTC days, or to hours of cohorts (UTC days where those are gone). */
  readonly bounds: 'steps' | 'days' | 'cohorts';
  /** It needs hours by cohort, and reaches back no further than they do. */
  readonly isRecent?: boolean;
  /** It also reads the range of the same length before. */
  readonly isCompared?: boolean;
  /** A step that is not over is left out, because it cannot be compared with whole ones. */
  readonly isJudged?: boolean;
}

const ANY_STEPS: QueryScope = { maxDays: RETENTION.hourDays, bounds: 'steps' };

export function parseFleetQuery(
  raw: unknown,
  nowMs: number,
  scope = ANY_STEPS,
): Parsed<FleetQuery> {
  const parsed = parseRequest(QuerySchema, raw, 'query');
  if (!parsed.ok) return parsed;
  const { from, to, step, ...asked } = parsed.value;
  const steps = stepsOf({ from, to, step }, nowMs, scope);
  if ('refusal' in steps) return steps;
  const bounds = boundsOf(steps, nowMs, scope);
  return { ok: true, value: { ...asked, ...bounds, stepMs: steps.stepMs } };
}

type Given = Pick<v.InferOutput<typeof QuerySchema>, 'from' | 'to' | 'step'>;
type Refused = Extract<Parsed<never>, { ok: false }>;
type Steps = Pick<FleetQuery, 'fromMs' | 'toMs' | 'stepMs'>;

/** Returns the whole steps that hold the range, or a refusal. */
function stepsOf(
  given: Given,
  nowMs: number,
  { maxDays, bounds, isRecent = false, isCompared = false }: QueryScope,
): Steps | Refused {
  // the end is rounded up, so that a range that ends now has the bucket in progress
  const to = given.to ?? nowMs + 1;
  const from = given.from ?? to - FLEET_QUERY.defaultRangeMs;
  if (from >= to) {
    return refused(`query, from: expected a time before to (${to}), got ${from}.`, {
      path: 'from',
    });
  }
  if (to - from > maxDays * DAY_MS) {
    return refused(
      `query, from: expected a range of at most ${maxDays} days for this question, got ${Math.ceil((to - from) / DAY_MS)}.`,
      { path: 'from' },
    );
  }
  const oldestMs = (utcDay(nowMs) - RETENTION.cohortDays) * DAY_MS;
  if (isRecent && from < oldestMs) {
    return refused(
      `query, from: expected ${oldestMs} (${new Date(oldestMs).toISOString()}) or later, got ${from}: what this question needs is kept for ${RETENTION.cohortDays} days.`,
      { path: 'from', expected: `≥ ${oldestMs}`, got: from },
    );
  }
  // Older times are kept by the hour. The day of slack is there because pruning goes by whole days.
  const readFrom = isCompared ? from - (to - from) : from;
  const finestMs = readFrom < nowMs - (RETENTION.cellDays - 1) * DAY_MS ? HOUR_MS : BUCKET_MS;
  const stepMs = bounds === 'days' ? DAY_MS : (given.step ?? preferredStepMs(to - from, finestMs));
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
  return { fromMs, toMs, stepMs };
}

function boundsOf(
  { fromMs, toMs }: Steps,
  nowMs: number,
  { bounds, isJudged = false }: QueryScope,
): { fromMs: number; toMs: number } {
  const goneMs = nowMs - (RETENTION.cohortDays - 1) * DAY_MS;
  const unitOf = (timeMs: number) => {
    if (bounds === 'cohorts') return timeMs < goneMs ? DAY_MS : HOUR_MS;
    return bounds === 'days' ? DAY_MS : 1;
  };
  const first = Math.floor(fromMs / unitOf(fromMs)) * unitOf(fromMs);
  const last = Math.ceil(toMs / unitOf(toMs)) * unitOf(toMs);
  if (!isJudged) return { fromMs: first, toMs: last };
  return { fromMs: first, toMs: Math.max(first + 1, Math.min(last, nowMs - REPORTED_MS)) };
}

function preferredStepMs(rangeMs: number, finestMs: number): number {
  const { preferredPoints } = FLEET_QUERY;
  return (
    STEPS_MS.find((stepMs) => stepMs >= finestMs && rangeMs / stepMs <= preferredPoints) ??
    (STEPS_MS.at(-1) as number)
  );
}

function refused(message: string, details: Record<string, unknown>): Refused {
  return { ok: false, refusal: { code: 'query-invalid', message, details } };
}
