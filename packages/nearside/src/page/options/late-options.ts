import type { Mirror } from '@nearside/artifact';
import type { OpenOptions } from '../../shared/api/open-options.js';
import type { Words } from '../../shared/check-options.js';
import { kindWords } from '../../shared/kind-words.js';
import {
  areSecure,
  FUNCTION,
  isPlainObject,
  type OptionKind,
  type OptionKinds,
  oneOf,
  STORE,
  WHOLE_ABOVE_0,
} from '../../shared/option-kinds.js';
import { OPEN_KINDS } from './call-options.js';

/** Headers that cannot be sent would fail later, as if the network were to blame. */
const HEADERS: OptionKind = {
  expected: 'headers by name that may be sent, such as { authorization: … }',
  fits(headers: unknown) {
    if (!isPlainObject(headers)) return false;
    return Object.values(headers).every(isText) && areHeaders(headers as Record<string, string>);
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
  fields: { headers: HEADERS, credentials: oneOf(['omit', 'same-origin', 'include']) },
};

/** Paths are put behind a base. */
const BASE = "(http: on localhost only) without a user's name, password, #fragment or ?query";

const MIRROR_KINDS: OptionKinds<keyof Mirror> = {
  url: { fits: isBase, expected: `an https: address ${BASE}`, isRequired: true },
  request: REQUEST,
};

function isBase(address: unknown): boolean {
  return areSecure([address], { mayAsk: false });
}

function isText(text: unknown): boolean {
  return typeof text === 'string';
}

/** The options of `open`, those that few pages have too. */
export const ALL_OPEN_KINDS: OptionKinds<keyof OpenOptions> = {
  ...OPEN_KINDS,
  request: REQUEST,
  store: STORE,
  mirrors: {
    fits: (mirrors: unknown) =>
      Array.isArray(mirrors) && mirrors.every((each) => isPlainObject(each) || isBase(each)),
    expected: `a list of https: addresses ${BASE}, or of { url, request }`,
    items: MIRROR_KINDS,
  },
  capture: {
    fields: {
      redact: { ...FUNCTION, isRequired: true },
      maxInputs: WHOLE_ABOVE_0,
      maxBytes: WHOLE_ABOVE_0,
    },
  },
};

const RECEIVER = "(http: on localhost only) without a user's name, password or #fragment";

/** Says which value is expected of an option. */
export const optionWords: Words = (kind, place) => kindWords(kind, place) ?? OPTION_WORDS[place];

/** For the kinds of `call-options.ts` that have no words, by the place of an option. */
const OPTION_WORDS: Readonly<Record<string, string>> = {
  report: `an https: address ${RECEIVER}, several, a function, or { to, sampleRate, traceRate, app, consent }`,
  'report.to': `an https: address ${RECEIVER}, several, or a function`,
  'report.sampleRate': '0.0001 to 1',
  'report.traceRate': '0 to 1',
  'report.app': "the app's release, of 1 to 32 characters",
  tune: "'off', 'before-open' or { maxBytes, maxMs }",
  'policy.restHiddenMs': 'milliseconds from 0 on, or Infinity',
  task: 'the name of a task',
  timeoutMs: 'milliseconds above 0 (and below 25 days)',
  traceparent: 'a text, as the header of that name',
};
