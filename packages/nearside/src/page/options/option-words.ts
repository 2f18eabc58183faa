import type { Words } from '../../shared/check-options.js';
import { kindWords } from '../../shared/kind-words.js';

const RECEIVER = "(http: on localhost only) without a user's name, password or #fragment";
/** Paths are put behind a base. */
const BASE = "(http: on localhost only) without a user's name, password, #fragment or ?query";
const HEADERS = 'headers by name that may be sent, such as { authorization: … }';

/** Says which value `call-options.ts` expects of an option. */
export const optionWords: Words = (kind, place) => kindWords(kind, place) ?? OPTION_WORDS[place];

/** By the place of an option. */
const OPTION_WORDS: Readonly<Record<string, string>> = {
  report: `an https: address ${RECEIVER}, several, or { to, sampleRate, traceRate, app, consent }`,
  'report.to': `an https: address ${RECEIVER}, or several`,
  'report.sampleRate': '0.0001 to 1',
  'report.traceRate': '0 to 1',
  'report.app': "the app's release, of 1 to 32 characters",
  tune: "'off', 'before-open' or { maxBytes, maxMs }",
  'request.headers': HEADERS,
  mirrors: `a list of https: addresses ${BASE}, or of { url, request }`,
  'mirrors.url': `an https: address ${BASE}`,
  'mirrors.request.headers': HEADERS,
  'policy.restHiddenMs': 'milliseconds from 0 on, or Infinity',
  task: 'the name of a task',
  timeoutMs: 'milliseconds above 0 (and below 25 days)',
  traceparent: 'a text, as the header of that name',
};
