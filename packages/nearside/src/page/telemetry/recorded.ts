import type { ErrorCode } from '@nearside/core';
import type { ModelEventName, ModelEvents } from '../../shared/api/events.js';
import type { OpeningStats, Truth } from '../../shared/api/model.js';
import type { EndedRun, ServedVersion } from '../../shared/ended-run.js';

/** What happens to an open model, as it is taken down. What it is about where nothing is named is what serves then. */
export type Recorded =
  | { readonly kind: 'opened'; readonly served: ServedVersion; readonly opening: OpeningStats }
  /** No backend came to serve; this is what would have been. */
  | { readonly kind: 'not-opened'; readonly served: ServedVersion; readonly code: ErrorCode }
  /** It serves from now on. */
  | { readonly kind: 'serves'; readonly served: ServedVersion }
  /** The same again, after a rest or the loss of its worker. */
  | {
      readonly kind: 'revived';
      readonly served: ServedVersion;
      readonly wasResting: boolean;
      readonly tookMs: number;
    }
  | ({
      readonly kind: 'ran';
      /** Of the workers that serve. */
      readonly heapBytes: number;
    } & EndedRun)
  /** Frames of streams that newer ones have replaced. */
  | { readonly kind: 'dropped'; readonly n: number }
  | { readonly kind: 'feedback'; readonly id: string; readonly truth: Truth }
  | {
      readonly kind: 'outcome';
      readonly name: string;
      readonly value: number;
      /** Of the run that led to it. */
      readonly id: string | undefined;
    }
  | ModelEvent;

/** Something that listeners are told of too. */
export type ModelEvent = {
  readonly [Name in ModelEventName]: {
    readonly kind: 'event';
    readonly name: Name;
    readonly event: ModelEvents[Name];
  };
}[ModelEventName];

/** With its moment: Unix time, ms. */
export type TimedRecord = Recorded & { readonly atMs: number };
