import { type Mirror, parseModelAddress, parseTrust } from '@nearside/artifact';
import { kindOf, NearsideError } from '@nearside/core';
import { AVAILABLE_BACKENDS } from '../../shared/api/backends.js';
import type { OpenOptions, UnsignedOptions } from '../../shared/api/open-options.js';
import { PRIORITIES } from '../../shared/api/priority.js';
import type { RunOptions } from '../../shared/api/run.js';
import {
  ABOVE_0,
  ASSETS,
  checkOptions,
  FUNCTION,
  inWords,
  type OptionKind,
  type OptionKinds,
  oneOf,
  SIGNAL,
  STORE,
  SWITCH,
  WHOLE_ABOVE_0,
} from '../../shared/check-options.js';
import { areBases, isPlainObject, isText, resolveUrl } from '../../shared/option-rules.js';
import { OPEN_RULES, RUN_RULES } from './call-rules.js';
import type { CheckedOptions } from './plan-opening.js';

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
    expected: `an https: address ${RECEIVER}, several, or { to, sampleRate, traceRate, app, consent }`,
    fields: {
      to: {
        fits: OPEN_RULES.report,
        expected: `an https: address ${RECEIVER}, or several`,
        isRequired: true,
      },
      sampleRate: {
        fits: (rate: unknown) => typeof rate === 'number' && rate >= 1e-4 && rate <= 1,
        expected: '0.0001 to 1',
        error: RangeError,
      },
      traceRate: {
        fits: (rate: unknown) => typeof rate === 'number' && rate >= 0 && rate <= 1,
        expected: '0 to 1',
        error: RangeError,
      },
      app: {
        fits: (app: unknown) => typeof app === 'string' && app.length > 0 && app.length <= 32,
        expected: "the app's release, of 1 to 32 characters",
      },
      consent: FUNCTION,
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
  runtime: oneOf(['auto', 'full']),
  task: { fits: isText, expected: 'the name of a task' },
  fallback: FUNCTION,
  worker: FUNCTION,
  capture: {
    expected: '{ redact, maxInputs, maxBytes }',
    fields: {
      redact: { ...FUNCTION, isRequired: true },
      maxInputs: WHOLE_ABOVE_0,
      maxBytes: WHOLE_ABOVE_0,
    },
  },
};

/**
 * Says what is wrong with what `open` does not take, and with a page that it cannot work in.
 *
 * @throws NearsideError `insecure-context`; TypeError or RangeError, naming the option, expected and got
 */
export async function checkOpenOptions(url: unknown, options: unknown): Promise<CheckedOptions> {
  if (globalThis.isSecureContext === false) throw insecure(globalThis.location.origin);
  if (typeof url !== 'string' && kindOf(url) !== 'URL') {
    throw new TypeError(`open: expected the address of a model; got ${inWords(url)}`);
  }
  checkOptions('open', options, OPEN_KINDS);
  const { trust, mirrors = [] } = options as OpenOptions;
  for (const mirror of mirrors) {
    if (typeof mirror !== 'string') checkOptions('open', mirror, MIRROR_KINDS, 'mirrors');
  }
  parseModelAddress(resolveUrl(String(url as string | URL)));
  return { pin: await parseTrust(trust), mirrors: mirrors.map(asBase) };
}

/** One that names can be put behind. */
function asBase(mirror: string | Mirror): Mirror {
  const { url, request } =
    typeof mirror === 'string' ? { url: mirror, request: undefined } : mirror;
  return { url: resolveUrl(url).replace(/\/?$/, '/'), request };
}

function insecure(origin: string): NearsideError {
  return new NearsideError(
    'insecure-context',
    `Expected a page from https: or from localhost, where browsers have WebCrypto, got one from ${origin}. ` +
      'Serve the page over https.',
    { details: { origin } },
  );
}

/** For `run`, and the other calls that take some of them. */
export const RUN_KINDS: OptionKinds<keyof RunOptions> = {
  signal: SIGNAL,
  priority: oneOf(PRIORITIES),
  timeoutMs: {
    fits: RUN_RULES.timeoutMs,
    expected: 'milliseconds above 0 (and below 25 days)',
    error: RangeError,
  },
  topK: { fits: RUN_RULES.topK, expected: 'a whole number above 0', error: RangeError },
  transfer: SWITCH,
  terminate: SWITCH,
  traceparent: { fits: isText, expected: 'a text, as the header of that name' },
};

/**
 * Says what is wrong with options that {@link RUN_RULES} refuse.
 *
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options, RUN_KINDS);
}

const { backend, signal, onProgress, assets, report, threads, worker } = OPEN_KINDS;

const KINDS: OptionKinds<keyof UnsignedOptions> = {
  backend,
  signal,
  onProgress,
  assets,
  report,
  threads,
  worker,
  policy: { expected: '{ watchdogMs }', fields: { watchdogMs: ABOVE_0 } },
};

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkUnsignedOptions(options: unknown): void {
  checkOptions('openUnsigned', options, KINDS);
}
