import { isSecureAddress, type RequestOptions } from '@nearside/artifact';
import type { StoreChoice } from '../platform/open-store.js';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../runtime-assets.js';
import { isReportOptions } from './is-report-options.js';
import type { OpenOptions, UpdatePolicy } from './open-options.js';
import { resolveUrl } from './resolve-url.js';

/**
 * Says what is wrong with options that `open` does not take.
 *
 * @param known names of the options there are
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function checkOpenOptions(
  options: Omit<OpenOptions, 'trust'>,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`open: expected an object of options; got ${String(options)}`);
  }
  requireKnown('the options', options, known);
  checkKinds(options);
  checkBackend(options.backend);
  checkTune(options.tune);
  checkReport(options.report);
  checkPolicy(options.policy);
  checkStore(options.store);
  checkMirrors(options.mirrors);
}

function requireKnown(what: string, given: object, known: readonly string[]): void {
  const name = Object.keys(given).find((name) => !known.includes(name));
  if (name === undefined) return;
  throw new TypeError(`open: expected one of ${what} ${known.join(', ')}; got '${name}'`);
}

/** What TypeScript would have said, for those who do without. */
function checkKinds({
  onProgress,
  signal,
  assets,
  request,
  isolate,
  fallback,
  worker,
}: Omit<OpenOptions, 'trust'>): void {
  const expectKind = (name: string, kind: string, ok: boolean, got: unknown) => {
    if (!ok) throw new TypeError(`open: expected \`${name}\` to be ${kind}; got ${typeof got}`);
  };
  expectKind('fallback', 'a function', !fallback || typeof fallback === 'function', fallback);
  expectKind('worker', 'a function', !worker || typeof worker === 'function', worker);
  const isSwitch = isolate === undefined || typeof isolate === 'boolean';
  expectKind('isolate', 'true or false', isSwitch, isolate);
  const isObject = typeof request === 'object' && request !== null;
  expectKind(
    'onProgress',
    'a function',
    !onProgress || typeof onProgress === 'function',
    onProgress,
  );
  expectKind('signal', 'an AbortSignal', !signal || signal instanceof AbortSignal, signal);
  expectKind('assets', 'an address', assets === undefined || typeof assets === 'string', assets);
  expectKind('request', '{ headers, credentials }', request === undefined || isObject, request);
  // An illegal header or mode fails here rather than as if the network were to blame.
  if (request) new Request('https://nearside.invalid/', pickRequest(request));
}

function pickRequest({ headers, credentials }: RequestOptions): RequestOptions {
  return { ...(headers && { headers: { ...headers } }), ...(credentials && { credentials }) };
}

function checkBackend(backend: AvailableBackend | undefined): void {
  if (backend === undefined || AVAILABLE_BACKENDS.includes(backend)) return;
  const names = AVAILABLE_BACKENDS.join(', ');
  throw new RangeError(`open: expected \`backend\` to be one of ${names}; got '${backend}'`);
}

function checkTune(tune: OpenOptions['tune'] = {}): void {
  const isObject = typeof tune === 'object' && tune !== null;
  if (!isObject && tune !== 'off' && tune !== 'before-open') {
    throw new RangeError(
      `open: expected \`tune\` to be 'off', 'before-open' or { maxBytes, maxMs }; got '${tune}'`,
    );
  }
  const budget = isObject ? tune : {};
  requireKnown('the fields of `tune`', budget, ['maxBytes', 'maxMs']);
  const { maxBytes, maxMs } = budget;
  requirePositive('tune', { maxBytes, maxMs });
}

function requirePositive(what: string, values: Record<string, number | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value > 0) continue;
    throw new RangeError(`open: expected \`${what}.${name}\` to be above 0; got ${value}`);
  }
}

function checkStore(store: StoreChoice = 'auto'): void {
  if (store === 'auto' || store === 'memory') return;
  if (typeof store === 'object' && typeof store?.directory === 'string') return;
  throw new RangeError(
    `open: expected \`store\` to be 'auto', 'memory' or { directory }; got ${JSON.stringify(store)}`,
  );
}

function checkMirrors(mirrors: readonly string[] = []): void {
  if (!Array.isArray(mirrors)) {
    throw new TypeError(`open: expected \`mirrors\` to be a list of addresses; got ${mirrors}`);
  }
  for (const mirror of mirrors) {
    if (isSecureAddress(resolveUrl(String(mirror)))) continue;
    throw new TypeError(
      `open: expected each of \`mirrors\` to be an https: address (http: on localhost only); ` +
        `got '${mirror}'`,
    );
  }
}

function checkPolicy(policy: UpdatePolicy = {}): void {
  requireKnown('the fields of `policy`', policy, [
    'maxBytes',
    'saveData',
    'update',
    'warmUpMs',
    'watchdogMs',
  ]);
  const { update = 'auto', warmUpMs, watchdogMs, maxBytes } = policy;
  if (update !== 'auto' && update !== 'manual') {
    throw new RangeError(
      `open: expected \`policy.update\` to be 'auto' or 'manual'; got '${update}'`,
    );
  }
  requirePositive('policy', { warmUpMs, watchdogMs, maxBytes });
}

function checkReport(report: OpenOptions['report']): void {
  if (report === undefined) return;
  if (report === null || !['string', 'object'].includes(typeof report)) {
    throw new TypeError(`open: expected \`report\` to be an address; got ${report}`);
  }
  const { to, sampleRate = 1 } = isReportOptions(report) ? report : { to: report };
  if (typeof to !== 'string' && !Array.isArray(to)) {
    throw new TypeError('open: expected `report.to` to be an address, or a list of them');
  }
  const endpoints = (typeof to === 'string' ? [to] : [...to]).map(resolveUrl);
  const wrong = endpoints.find((endpoint) => !isSecureAddress(endpoint));
  if (endpoints.length === 0 || wrong !== undefined) {
    throw new TypeError(
      `open: expected \`report\` to be an https: address (http: on localhost only); got '${wrong ?? ''}'`,
    );
  }
  if (!(sampleRate > 0 && sampleRate <= 1)) {
    throw new RangeError(`open: expected \`sampleRate\` above 0 and up to 1; got ${sampleRate}`);
  }
}
