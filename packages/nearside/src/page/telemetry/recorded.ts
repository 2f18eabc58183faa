import type { ErrorCode } from '@nearside/core';
import type { LostPage } from '../../shared/api/backends.js';
import type { ModelEventName, ModelEvents } from '../../shared/api/events.js';
import type { ModelStats, OpeningStats, ReportTotals, Truth } from '../../shared/api/model.js';
import type { EndedRun, ServedVersion } from '../../shared/ended-run.js';
import type { SampledRun } from '../../shared/protocol.js';

/** Something that happened to an open model. Where it names no version it is about the one that serves then. */
export type Recorded =
  | { readonly kind: 'opened'; readonly served: ServedVersion; readonly opening: OpeningStats }
  /** No backend came to serve; `served` is what would have. */
  | { readonly kind: 'not-opened'; readonly served: ServedVersion; readonly code: ErrorCode }
  /** It serves from now on. */
  | { readonly kind: 'serves'; readonly served: ServedVersion }
  /** The same serves again, after a rest or the loss of its worker. */
  | {
      readonly kind: 'revived';
      readonly served: ServedVersion;
      readonly wasResting: boolean;
      readonly tookMs: number;
    }
  /** `heapBytes` is what the workers that serve hold. */
  | ({ readonly kind: 'ran'; readonly heapBytes: number } & EndedRun)
  /** Frames of streams that newer ones have replaced. */
  | { readonly kind: 'dropped'; readonly n: number }
  | { readonly kind: 'feedback'; readonly id: string; readonly truth: Truth }
  | {
      readonly kind: 'outcome';
      readonly name: string;
      readonly value: number;
      /** The id of the run that led to it. */
      readonly id: string | undefined;
    }
  /** A shadow was asked an input that another version had answered. */
  | ({ readonly kind: 'shadowed' } & Shadowed)
  /** Pages died while they were at work for the model. */
  | { readonly kind: 'deaths'; readonly pages: readonly LostWithVersion[] }
  | ModelEvent;

export interface LostWithVersion extends LostPage {
  /** Sequence of the version, where it was known. */
  readonly sequence: number | undefined;
  /** The version that a device with another one was changing to. */
  readonly update?: string | undefined;
}

/** Both answers to an input. */
export interface Shadowed {
  /** The shadow's version. */
  readonly candidate: string;
  /** The version that serves. */
  readonly by: ServedVersion;
  readonly servedReply: SampledRun['reply'];
  /** Undefined where it failed. */
  readonly shadowReply: SampledRun['reply'] | undefined;
}

/** Something that listeners are told of too. */
export type ModelEvent = {
  readonly [Name in ModelEventName]: {
    readonly kind: 'event';
    readonly name: Name;
    readonly event: ModelEvents[Name];
  };
}[ModelEventName];

/** A record with its moment, Unix time, ms. */
export type TimedRecord = Recorded & { readonly atMs: number };

/** Counts of a model since it was opened, over all its versions, for `stats()`. */
export interface Lifetime {
  ok: number;
  readonly errors: Map<ErrorCode, number>;
  aborted: number;
  invalid: number;
  fallbacks: number;
  /** Missing until counting has begun, after the first result. */
  counted?: (() => CountedStats) | undefined;
}

export type CountedStats = Pick<ModelStats, 'latencyMs' | 'drift'>;

export const UNCOUNTED: CountedStats = {
  latencyMs: { p50: undefined, p95: undefined, p99: undefined },
  drift: undefined,
};

export function createLifetime(): Lifetime {
  return { ok: 0, errors: new Map(), aborted: 0, invalid: 0, fallbacks: 0 };
}

export function createReportTotals(): ReportTotals {
  return { sealed: 0, sealedRuns: 0, sent: 0, dropped: 0, problem: undefined };
}

const INVALID_INPUT: readonly ErrorCode[] = [
  'input-invalid',
  'input-detached',
  'input-too-large',
  'decode-failed',
];

/** Bad input is the caller's, and counted apart from errors. */
export function isInvalidInput(code: ErrorCode): boolean {
  return INVALID_INPUT.includes(code);
}
