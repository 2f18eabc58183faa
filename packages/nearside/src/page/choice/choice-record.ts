import type { ErrorCode } from '@nearside/core';
import type { Quarantined } from '../../shared/api/backends.js';
import type { Contender } from '../../shared/contenders.js';
import { LIBRARY_VERSION } from '../../shared/install.js';

/** What came of timing a contender. */
export interface Measured extends Contender {
  /** Median of a run of the first golden case, ms; undefined when it took too long to be timed. */
  readonly p50Ms: number | undefined;
}

/** What a device remembers of a model's backends. It says where to start, and proves nothing. */
export interface ChoiceRecord {
  /** What `measured` and `quarantined` hold for: see {@link choiceCircumstances}. */
  readonly circumstances: string;
  /** The GPU they hold for; undefined before anybody looked. */
  readonly adapter: string | undefined;
  /** What the next `open` starts with. */
  readonly start: Contender | undefined;
  readonly measured: readonly Measured[];
  /** `full` where the version has trapped on the common file. */
  readonly onnxRuntime: 'full' | undefined;
  /** Only what would fail again: see `isLasting`. */
  readonly quarantined: readonly Quarantined[];
}

export const EMPTY_RECORD: ChoiceRecord = Object.freeze({
  circumstances: '',
  adapter: undefined,
  start: undefined,
  measured: [],
  onnxRuntime: undefined,
  quarantined: [],
});

/** Whether a failure is the contender's nature: the same bytes on the same device fail again. */
export function isLasting(code: ErrorCode): boolean {
  return code === 'golden-mismatch' || code === 'operator-unsupported';
}

/**
 * Version, library, browser by its major version, and what decides about threads: isolation, and the number
 * that the app asks for.
 */
export function choiceCircumstances(sequence: number | undefined, threads?: number): string {
  const browser = globalThis.navigator?.userAgent?.replace(/(\d+)(?:\.\d+)+/g, '$1');
  const isolation = globalThis.crossOriginIsolated === true ? 'isolated' : 'shared';
  const wanted = `${threads ?? 'default'}-threads`;
  return [sequence, LIBRARY_VERSION, browser, wanted, isolation].join(' ');
}
