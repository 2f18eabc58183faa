import {
  type ModelAddress,
  parseModelAddress,
  parseTrust,
  type RequestOptions,
} from '@nearside/artifact';
import { hostedBackends } from '#platform';
import { DEFAULT_ENGINE, type EngineContext } from '../engine/engine-context.js';
import type { Fallback } from '../fallback/fallback.js';
import { loadLater } from '../load-later.js';
import { resolveUrl } from '../options/addresses.js';
import { areOptions } from '../options/option-rules.js';
import type { StoreChoice } from '../platform/open-store.js';
import type { Progress, UnsignedRequest } from '../protocol.js';
import { type AvailableBackend, DEFAULT_BACKENDS } from '../runtime-assets.js';
import type { ReportTarget } from '../telemetry/reporter.js';
import { OPEN_RULES } from './open-rules.js';
import type { StartWorker } from './start-own-worker.js';

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
   * undefined where it has none for this backend. One that starts and stays silent costs 30 s before the next
   * backend is tried, for each backend; `worker-blocked` where none is left.
   */
  readonly worker?: StartWorker | undefined;
}

/** What measuring other backends may cost in one visit. */
export interface TuneBudget {
  /** Of runtimes and weights that are not on the device yet, compressed; 10,000,000 by default. */
  readonly maxBytes?: number | undefined;
  /**
   * Of starting, checking and timing them, not of downloads; 3,000 by default. Again where what serves
   * has become slower: at most every ten minutes, without a download.
   */
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
  readonly contenders: readonly AvailableBackend[];
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

/** @throws TypeError or RangeError, naming the option, expected and got */
export async function planOpening(
  url: string,
  options: OpenOptions,
  engine?: EngineContext,
): Promise<OpenPlan> {
  if (typeof url !== 'string' || !areOptions(options, OPEN_RULES)) {
    (await loadLater()).checkOpenOptions(url, options);
  }
  const absolute = resolveUrl(url);
  return {
    url: absolute,
    address: parseModelAddress(absolute),
    pin: await parseTrust(options.trust),
    store: options.store ?? 'auto',
    mirrors: planMirrors(options.mirrors),
    request: options.request,
    ...planServing(options, engine),
  };
}

/** @param options that have been checked */
export function planServing(
  options: Omit<OpenOptions, 'trust'>,
  engine: EngineContext = DEFAULT_ENGINE,
): ServingPlan {
  return {
    backends: planBackends(options.backend),
    contenders: options.backend === undefined ? hostedBackends : [options.backend],
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

function planBackends(backend: AvailableBackend | undefined): readonly AvailableBackend[] {
  return backend ? [backend] : DEFAULT_BACKENDS.filter((name) => hostedBackends.includes(name));
}

function planTune(tune: OpenOptions['tune'] = {}): TunePlan {
  const { maxBytes = TUNE_BYTES, maxMs = TUNE_MS } = typeof tune === 'object' ? tune : {};
  return { maxBytes, maxMs, when: typeof tune === 'object' ? 'idle' : tune };
}

/** Bases, so that names can be put behind them. */
function planMirrors(mirrors: readonly string[] = []): readonly string[] {
  return mirrors.map((mirror) => resolveUrl(mirror).replace(/\/?$/, '/'));
}

function planPolicy(policy?: UpdatePolicy): PlannedPolicy {
  const { update = 'auto', warmUpMs = WARM_UP_MS, watchdogMs = WATCHDOG_MS } = policy ?? {};
  return { ...policy, update, warmUpMs, watchdogMs };
}

/** Global Privacy Control means no report, whatever the page asks for. */
function planReport(report: OpenOptions['report']): ReportTarget | undefined {
  const { navigator } = globalThis as { navigator?: { globalPrivacyControl?: boolean } };
  if (report === undefined || navigator?.globalPrivacyControl === true) return undefined;
  const { to = report, sampleRate = 1 } = report as Partial<ReportOptions>;
  return { endpoints: [to].flat().map((address) => resolveUrl(address as string)), sampleRate };
}
