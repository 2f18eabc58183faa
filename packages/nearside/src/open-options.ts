import {
  isSecureAddress,
  type ModelAddress,
  parseModelAddress,
  parseTrust,
  type RequestOptions,
} from '@nearside/artifact';
import { hostedBackends } from '#platform';
import { DEFAULT_ENGINE, type EngineContext } from './engine-context.js';
import type { Fallback } from './fallback.js';
import type { StoreChoice } from './platform/open-store.js';
import type { Progress, UnsignedRequest } from './protocol.js';
import { AVAILABLE_BACKENDS, type AvailableBackend, DEFAULT_BACKENDS } from './runtime-assets.js';
import type { StartWorker } from './start-own-worker.js';
import type { ReportTarget } from './telemetry/reporter.js';

/** What `open` takes. `trust` alone is required. */
export interface OpenOptions {
  /** The repository's pin as `nearside publish` prints it, or the bytes of its first root metadata. */
  readonly trust: string | Uint8Array;
  /** Where reports go: an address, several in order, or with a sampling rate. None: no report. */
  readonly report?: string | readonly string[] | ReportOptions | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the opening; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Forces one; without it the fastest that computes the right numbers comes to serve. */
  readonly backend?: AvailableBackend | undefined;
  /**
   * What may be spent on finding a faster backend: by default, after the first result and while the
   * page is idle, 10 MB and 3 s. `before-open` has `open` wait for it; `off` stays with the first that
   * proves itself.
   */
  readonly tune?: TuneBudget | 'before-open' | 'off' | undefined;
  /** Folder of a copy of the package's `dist/assets`, where a bundler does not find it. */
  readonly assets?: string | undefined;
  /** For private repositories. */
  readonly request?: RequestOptions | undefined;
  /**
   * Where the model is kept: `auto` is IndexedDB in a browser and memory in Node, `memory` keeps
   * nothing after the page, a directory is for Node.
   */
  readonly store?: StoreChoice | undefined;
  /** Other bases of the same repository: asked when the first does not answer, and for chunks. */
  readonly mirrors?: readonly string[] | undefined;
  readonly policy?: UpdatePolicy | undefined;
  /** A worker for this model alone; by default models on one backend share one. */
  readonly isolate?: boolean | undefined;
  /**
   * The app's own way to an answer: asked when no backend is proven on this device (`open` resolves
   * then) and when a run passes its `timeoutMs`, which does not apply to it. Never for a bad input, nor
   * for one given away with `transfer` that was lost with the deadline.
   */
  readonly fallback?: Fallback | undefined;
  /**
   * Starts a worker of the app's own for a backend, one that calls `serve` of `nearside/worker`;
   * undefined where it has none for this backend.
   */
  readonly worker?: StartWorker | undefined;
}

/** What measuring other backends may cost in one visit. */
export interface TuneBudget {
  /** Of runtimes and weights that are not on the device yet, compressed; 10,000,000 by default. */
  readonly maxBytes?: number | undefined;
  /** Of starting, checking and timing them, not of downloads; 3,000 by default. */
  readonly maxMs?: number | undefined;
}

/** What may be downloaded, and when. */
export interface UpdatePolicy {
  /** More than this is not downloaded for one version: `download-limit`. No limit by default. */
  readonly maxBytes?: number | undefined;
  /** Puts optional updates off. By default as the browser says: data saver, cellular, 2G. */
  readonly saveData?: boolean | undefined;
  /** `auto` looks for versions at `open` and every 15 minutes; `manual` only on `update()`. */
  readonly update?: 'auto' | 'manual' | undefined;
  /** How long a new version may take to load and be checked; 60,000 by default. */
  readonly warmUpMs?: number | undefined;
  /** A run that takes longer has hung: its worker is replaced; 120,000 by default. */
  readonly watchdogMs?: number | undefined;
}

type PlannedPolicy = UpdatePolicy &
  Required<Pick<UpdatePolicy, 'update' | 'warmUpMs' | 'watchdogMs'>>;

export interface ReportOptions {
  readonly to: string | readonly string[];
  /** Share of device-days that report, 0 … 1; 1 by default. */
  readonly sampleRate?: number | undefined;
}

/** Options that have been checked, with every default filled in. */
export interface OpenPlan extends ServingPlan {
  readonly url: string;
  readonly address: ModelAddress;
  readonly pin: string;
  readonly store: StoreChoice;
  /** Bases of the repository's mirrors, each ending with a slash. */
  readonly mirrors: readonly string[];
  readonly request: RequestOptions | undefined;
  /** Set by `openUnsigned` alone: then address, pin and store say nothing. */
  readonly unsigned?: UnsignedRequest | undefined;
}

/** How a model is served, wherever it comes from. */
export interface ServingPlan {
  /** What is tried while nothing is known of the model, or when what served fails. */
  readonly backends: readonly AvailableBackend[];
  /** What may come to serve by measurement as well. */
  readonly candidates: readonly AvailableBackend[];
  readonly tune: TunePlan;
  readonly report: ReportTarget | undefined;
  readonly policy: PlannedPolicy;
  /** The caller chose the one backend. */
  readonly isBackendForced: boolean;
  readonly onProgress: OpenOptions['onProgress'];
  readonly signal: AbortSignal | undefined;
  readonly assets: string | undefined;
  readonly fallback: Fallback | undefined;
  readonly worker: StartWorker | undefined;
  readonly isolate: boolean;
  /** Which of a backend's workers, from 0 on. */
  readonly slot: number;
  readonly engine: EngineContext;
}

export interface TunePlan extends Required<TuneBudget> {
  readonly when: 'idle' | 'before-open' | 'off';
}

/** Enough for either of ONNX Runtime's builds, which weigh 3.8 and 6.8 MB, and not for both at once. */
const TUNE_BYTES = 10_000_000;
const TUNE_MS = 3_000;

/** Generous: large models compile for seconds on slow phones; what takes longer hangs. */
const WARM_UP_MS = 60_000;
const WATCHDOG_MS = 120_000;

const KNOWN: readonly (keyof OpenOptions)[] = [
  'trust',
  'report',
  'onProgress',
  'signal',
  'backend',
  'tune',
  'assets',
  'request',
  'store',
  'mirrors',
  'policy',
  'isolate',
  'fallback',
  'worker',
];

/** @throws TypeError or RangeError, naming the option, expected and got */
export async function planOpening(
  url: string,
  options: OpenOptions,
  engine?: EngineContext,
): Promise<OpenPlan> {
  const serving = planServing(options, KNOWN, engine);
  const absolute = resolveUrl(url);
  return {
    url: absolute,
    address: parseModelAddress(absolute),
    pin: await parseTrust(options.trust),
    store: planStore(options.store),
    mirrors: planMirrors(options.mirrors),
    request: options.request,
    ...serving,
  };
}

/**
 * @param known names of the options there are
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function planServing(
  options: Omit<OpenOptions, 'trust'>,
  known: readonly string[],
  engine: EngineContext = DEFAULT_ENGINE,
): ServingPlan {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`open: expected an object of options; got ${String(options)}`);
  }
  requireKnown('the options', options, known);
  checkKinds(options);
  return {
    backends: planBackends(options.backend),
    candidates: options.backend === undefined ? hostedBackends : [options.backend],
    tune: planTune(options.tune),
    report: planReport(options.report),
    policy: planPolicy(options.policy),
    isBackendForced: options.backend !== undefined,
    onProgress: options.onProgress,
    signal: options.signal,
    assets: options.assets ?? engine.assets,
    fallback: options.fallback,
    worker: options.worker ?? engine.worker,
    isolate: options.isolate ?? false,
    slot: 0,
    engine,
  };
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
  const isObject = typeof request === 'object' && request !== null;
  expectKind(
    'onProgress',
    'a function',
    !onProgress || typeof onProgress === 'function',
    onProgress,
  );
  expectKind('signal', 'an AbortSignal', !signal || signal instanceof AbortSignal, signal);
  expectKind('assets', 'an address', assets === undefined || typeof assets === 'string', assets);
  const isSwitch = isolate === undefined || typeof isolate === 'boolean';
  expectKind('isolate', 'true or false', isSwitch, isolate);
  expectKind('request', '{ headers, credentials }', request === undefined || isObject, request);
  // An illegal header or mode fails here rather than as if the network were to blame.
  if (request) new Request('https://nearside.invalid/', pickRequest(request));
}

function pickRequest({ headers, credentials }: RequestOptions): RequestOptions {
  return { ...(headers && { headers: { ...headers } }), ...(credentials && { credentials }) };
}

/** In a page an address may be relative to it. */
function resolveUrl(url: string): string {
  const base = globalThis.location?.href;
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

function planBackends(backend: AvailableBackend | undefined): readonly AvailableBackend[] {
  if (backend === undefined) {
    return DEFAULT_BACKENDS.filter((name) => hostedBackends.includes(name));
  }
  if (AVAILABLE_BACKENDS.includes(backend)) return [backend];
  const names = AVAILABLE_BACKENDS.join(', ');
  throw new RangeError(`open: expected \`backend\` to be one of ${names}; got '${backend}'`);
}

function planTune(tune: OpenOptions['tune'] = {}): TunePlan {
  const isObject = typeof tune === 'object' && tune !== null;
  if (!isObject && tune !== 'off' && tune !== 'before-open') {
    throw new RangeError(
      `open: expected \`tune\` to be 'off', 'before-open' or { maxBytes, maxMs }; got '${tune}'`,
    );
  }
  const budget = isObject ? tune : {};
  requireKnown('the fields of `tune`', budget, ['maxBytes', 'maxMs']);
  const { maxBytes = TUNE_BYTES, maxMs = TUNE_MS } = budget;
  requirePositive('tune', { maxBytes, maxMs });
  return { maxBytes, maxMs, when: isObject ? 'idle' : tune };
}

function requirePositive(what: string, values: Record<string, number | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value > 0) continue;
    throw new RangeError(`open: expected \`${what}.${name}\` to be above 0; got ${value}`);
  }
}

function planStore(store: StoreChoice = 'auto'): StoreChoice {
  if (store === 'auto' || store === 'memory') return store;
  if (typeof store === 'object' && typeof store?.directory === 'string') return store;
  throw new RangeError(
    `open: expected \`store\` to be 'auto', 'memory' or { directory }; got ${JSON.stringify(store)}`,
  );
}

function planMirrors(mirrors: readonly string[] = []): readonly string[] {
  if (!Array.isArray(mirrors)) {
    throw new TypeError(`open: expected \`mirrors\` to be a list of addresses; got ${mirrors}`);
  }
  return mirrors.map((mirror) => {
    const base = resolveUrl(String(mirror));
    if (!isSecureAddress(base)) {
      throw new TypeError(
        `open: expected each of \`mirrors\` to be an https: address (http: on localhost only); ` +
          `got '${mirror}'`,
      );
    }
    return base.endsWith('/') ? base : `${base}/`;
  });
}

function planPolicy(policy: UpdatePolicy = {}): PlannedPolicy {
  requireKnown('the fields of `policy`', policy, [
    'maxBytes',
    'saveData',
    'update',
    'warmUpMs',
    'watchdogMs',
  ]);
  const { update = 'auto', warmUpMs = WARM_UP_MS, watchdogMs = WATCHDOG_MS, maxBytes } = policy;
  if (update !== 'auto' && update !== 'manual') {
    throw new RangeError(
      `open: expected \`policy.update\` to be 'auto' or 'manual'; got '${update}'`,
    );
  }
  requirePositive('policy', { warmUpMs, watchdogMs, maxBytes });
  return { ...policy, update, warmUpMs, watchdogMs };
}

/** Global Privacy Control means no report, whatever the page asks for. */
function planReport(report: OpenOptions['report']): ReportTarget | undefined {
  if (report === undefined) return undefined;
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
  const { navigator } = globalThis as { navigator?: { globalPrivacyControl?: boolean } };
  return navigator?.globalPrivacyControl === true ? undefined : { endpoints, sampleRate };
}

function isReportOptions(report: NonNullable<OpenOptions['report']>): report is ReportOptions {
  return typeof report === 'object' && !Array.isArray(report);
}
