import type { Mirror } from '@nearside/artifact';
import { kindOf } from '@nearside/core';
import { areBases } from '../options/addresses.js';
import {
  checkOptions,
  inWords,
  type OptionKind,
  type OptionKinds,
} from '../options/check-options.js';
import {
  ABOVE_0,
  ASSETS,
  FUNCTION,
  oneOf,
  SIGNAL,
  STORE,
  SWITCH,
  WHOLE_ABOVE_0,
} from '../options/option-kinds.js';
import { isPlainObject } from '../options/option-rules.js';
import { AVAILABLE_BACKENDS } from '../runtime-assets.js';
import type { OpenOptions } from './open-options.js';
import { OPEN_RULES } from './open-rules.js';

const RECEIVER = "(http: on localhost only) without a user's name, password or #fragment";
/** Of an address that paths are put behind. */
const BASE = "(http: on localhost only) without a user's name, password, #fragment or ?query";

/** One that can be sent, or it would fail as if the network were to blame. */
const HEADERS: OptionKind = {
  expected: 'headers by name that may be sent, such as { authorization: … }',
  fits(headers: unknown) {
    if (!isPlainObject(headers)) return false;
    const isText = Object.values(headers).every((value) => typeof value === 'string');
    return isText && areHeaders(headers as Record<string, string>);
  },
};

function areHeaders(headers: Record<string, string>): boolean {
  try {
    return new Headers(headers) instanceof Headers;
  } catch {
    return false;
  }
}

const REQUEST: OptionKind = {
  expected: '{ headers, credentials }',
  fields: { headers: HEADERS, credentials: oneOf(['omit', 'same-origin', 'include']) },
};

/** Of a mirror that is an object. */
const MIRROR_KINDS: OptionKinds<keyof Mirror> = {
  url: {
    fits: (url: unknown) => areBases([url]),
    expected: `an https: address ${BASE}`,
    isRequired: true,
  },
  request: REQUEST,
};

export const OPEN_KINDS: OptionKinds<keyof OpenOptions> = {
  trust: { fits: OPEN_RULES.trust, expected: "the repository's pin" },
  report: {
    fits: OPEN_RULES.report,
    expected: `an https: address ${RECEIVER}, several, or { to, sampleRate }`,
    fields: {
      to: {
        fits: OPEN_RULES.report,
        expected: `an https: address ${RECEIVER}, or several`,
        isRequired: true,
      },
      sampleRate: {
        fits: (rate: unknown) => typeof rate === 'number' && rate > 0 && rate <= 1,
        expected: 'above 0 and up to 1',
        error: RangeError,
      },
    },
  },
  onProgress: FUNCTION,
  signal: SIGNAL,
  backend: oneOf(AVAILABLE_BACKENDS),
  tune: {
    fits: OPEN_RULES.tune,
    expected: "'off', 'before-open' or { maxBytes, maxMs }",
    fields: { maxBytes: ABOVE_0, maxMs: ABOVE_0 },
    error: RangeError,
  },
  assets: ASSETS,
  request: REQUEST,
  store: STORE,
  mirrors: {
    fits: (mirrors: unknown) =>
      Array.isArray(mirrors) && mirrors.every((each) => isPlainObject(each) || areBases([each])),
    expected: `a list of https: addresses ${BASE}, or of { url, request }`,
  },
  policy: {
    expected: '{ maxBytes, saveData, update, warmUpMs, watchdogMs }',
    fields: {
      maxBytes: ABOVE_0,
      saveData: SWITCH,
      update: oneOf(['auto', 'manual']),
      warmUpMs: ABOVE_0,
      watchdogMs: ABOVE_0,
    },
  },
  isolate: SWITCH,
  threads: WHOLE_ABOVE_0,
  fallback: FUNCTION,
  worker: FUNCTION,
};

/**
 * Says what is wrong with what `open` does not take.
 *
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function checkOpenOptions(url: unknown, options: unknown): void {
  if (typeof url !== 'string' && kindOf(url) !== 'URL') {
    throw new TypeError(`open: expected the address of a model; got ${inWords(url)}`);
  }
  checkOptions('open', options, OPEN_KINDS);
  for (const mirror of (options as OpenOptions).mirrors ?? []) {
    if (typeof mirror !== 'string') checkOptions('open', mirror, MIRROR_KINDS, 'mirrors');
  }
}
