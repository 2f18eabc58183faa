import { LONGEST_TIMER_MS } from '@nearside/artifact';
import { LARGEST_VALUE } from '@nearside/core';
import { AVAILABLE_BACKENDS } from '../../shared/api/backends.js';
import type { Truth } from '../../shared/api/model.js';
import type { ModelReference, OpenOptions } from '../../shared/api/open-options.js';
import type { RunOptions } from '../../shared/api/run.js';
import { PRIORITIES } from '../../shared/api/run.js';
import {
  ABOVE_0,
  ASSETS,
  areSecure,
  FUNCTION,
  isPlainObject,
  type OptionKind,
  type OptionKinds,
  oneOf,
  ownOptions,
  SIGNAL,
  STORE_OF_PAGE,
  SWITCH,
  WHOLE_ABOVE_0,
} from '../../shared/option-kinds.js';

/** Kinds without words have them in `late-options.ts`, so that a page loads those only for a call that is wrong. */

export const REST_HIDDEN: OptionKind = {
  fits: (ms: unknown) => typeof ms === 'number' && ms >= 0,
  error: RangeError,
};

function areReceivers(to: unknown): boolean {
  return typeof to === 'function' || areSecure([to].flat(), { mayAsk: true });
}

function isText(text: unknown): boolean {
  return typeof text === 'string';
}

/** `readAnchor` looks at it, and `checkOpening` has the words. */
const ANCHOR: OptionKind = { fits: () => true };

export const OPEN_KINDS: OptionKinds<keyof OpenOptions> = {
  trust: ANCHOR,
  integrity: ANCHOR,
  report: {
    fits: areReceivers,
    fields: {
      to: { fits: areReceivers, isRequired: true },
      sampleRate: {
        fits: (rate: unknown) => typeof rate === 'number' && rate >= 1e-4 && rate <= 1,
        error: RangeError,
      },
      traceRate: {
        fits: (rate: unknown) => typeof rate === 'number' && rate >= 0 && rate <= 1,
        error: RangeError,
      },
      app: {
        fits: (app: unknown) => typeof app === 'string' && app.length > 0 && app.length <= 32,
      },
      consent: FUNCTION,
    },
  },
  onProgress: FUNCTION,
  signal: SIGNAL,
  backend: oneOf(AVAILABLE_BACKENDS),
  tune: {
    fits: (tune: unknown) => tune === 'off' || tune === 'before-open',
    fields: { maxBytes: ABOVE_0, maxMs: ABOVE_0 },
    error: RangeError,
  },
  assets: ASSETS,
  store: STORE_OF_PAGE,
  policy: {
    fields: {
      maxBytes: ABOVE_0,
      restHiddenMs: REST_HIDDEN,
      saveData: SWITCH,
      update: oneOf(['auto', 'manual']),
      warmUpMs: ABOVE_0,
      watchdogMs: ABOVE_0,
    },
  },
  isolate: SWITCH,
  threads: WHOLE_ABOVE_0,
  runtime: oneOf(['auto', 'full']),
  task: { fits: isText },
  fallback: FUNCTION,
  worker: FUNCTION,
  // Few pages have these. The second part looks at them, in `late-options.ts`.
  request: {},
  mirrors: {},
  capture: {},
};

/** For `run`, and the other calls that take some of them. */
export const RUN_KINDS: OptionKinds<keyof RunOptions> = {
  signal: SIGNAL,
  priority: oneOf(PRIORITIES),
  timeoutMs: {
    fits: (ms: unknown) => typeof ms === 'number' && ms > 0 && ms <= LONGEST_TIMER_MS,
    error: RangeError,
  },
  topK: WHOLE_ABOVE_0,
  transfer: SWITCH,
  terminate: SWITCH,
  traceparent: { fits: isText },
};

/** @throws TypeError unless feedback says one thing, and of its kind */
export function checkTruth(truth: Truth): void {
  const { label, correct, value } = { ...truth } as Record<string, unknown>;
  if (typeof label === 'string' || typeof correct === 'boolean' || Number.isFinite(value)) return;
  throw new TypeError('feedback: expected { label }, { correct } or { value }');
}

/** @throws TypeError for a name or a value that `outcome` does not take */
export function checkOutcome(name: string, value: number): void {
  const isName = typeof name === 'string' && /^\P{Surrogate}+$/u.test(name) && name.length <= 64;
  if (isName && Number.isFinite(value) && Math.abs(value) <= LARGEST_VALUE) return;
  throw new TypeError(
    'outcome: expected a name of 1 to 64 whole characters, and a number up to 1e11',
  );
}

/** A reference is an address with options of its own, which those of the call are added to. */
export function readReference<Options>(
  model: string | ModelReference<unknown, unknown>,
  options: Options | undefined,
): readonly [url: string, options: Options] {
  if (!isPlainObject(model)) return [model as string, options as Options];
  const { url, ...own } = ownOptions(model as ModelReference);
  return [url, { ...own, ...options } as Options];
}
