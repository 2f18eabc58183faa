import {
  type ModelAddress,
  parseModelAddress,
  parseTrust,
  type RequestOptions,
} from '@nearside/artifact';
import { hostedBackends } from '#platform';
import { DEFAULT_ENGINE, type EngineContext } from '../engine/engine-context.js';
import type { Fallback } from '../fallback/fallback.js';
import { loadLater } from '../later/load-later.js';
import { resolveUrl } from '../options/addresses.js';
import { areOptions, NO_OPTIONS, ownOptions } from '../options/option-rules.js';
import type { StoreChoice } from '../platform/open-store.js';
import type { UnsignedRequest } from '../protocol.js';
import { type AvailableBackend, DEFAULT_BACKENDS } from '../runtime-assets.js';
import type { ReportTarget } from '../telemetry/reporter.js';
import type { OpenOptions, ReportOptions, TuneBudget, UpdatePolicy } from './open-options.js';
import { OPEN_RULES } from './open-rules.js';
import type { StartWorker } from './start-own-worker.js';

/**
 * Options that have been checked, with every default filled in. Every field is there, also where it is
 * undefined, so that nothing is read from `Object.prototype`.
 */
export interface OpenPlan extends ServingPlan {
  readonly url: string;
  readonly address: ModelAddress;
  readonly pin: string;
  readonly store: StoreChoice;
  /** Bases of the repository's mirrors, each ending with a slash. */
  readonly mirrors: readonly string[];
  readonly request: RequestOptions | undefined;
  /** Set by `openUnsigned` alone: then address, pin and store say nothing. */
  readonly unsigned: UnsignedRequest | undefined;
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

interface PlannedPolicy {
  readonly maxBytes: number | undefined;
  readonly saveData: boolean | undefined;
  readonly update: 'auto' | 'manual';
  readonly warmUpMs: number;
  readonly watchdogMs: number;
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
  given: OpenOptions,
  engine?: EngineContext,
): Promise<OpenPlan> {
  const options = ownOptions(given);
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
    request: planRequest(options.request),
    unsigned: undefined,
    ...planServing(options, engine),
  };
}

/** @param options that have been checked, as `ownOptions` gives them */
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

function planTune(tune: OpenOptions['tune'] = NO_OPTIONS): TunePlan {
  const budget: TuneBudget = typeof tune === 'object' ? tune : NO_OPTIONS;
  const { maxBytes = TUNE_BYTES, maxMs = TUNE_MS } = budget;
  return { maxBytes, maxMs, when: typeof tune === 'object' ? 'idle' : tune };
}

function planRequest(request: RequestOptions | undefined): RequestOptions | undefined {
  return request && { headers: request.headers, credentials: request.credentials };
}

/** Bases, so that names can be put behind them. */
function planMirrors(mirrors: readonly string[] = []): readonly string[] {
  return mirrors.map((mirror) => resolveUrl(mirror).replace(/\/?$/, '/'));
}

function planPolicy({
  maxBytes,
  saveData,
  update = 'auto',
  warmUpMs = WARM_UP_MS,
  watchdogMs = WATCHDOG_MS,
}: UpdatePolicy = NO_OPTIONS): PlannedPolicy {
  return { maxBytes, saveData, update, warmUpMs, watchdogMs };
}

/** Global Privacy Control means no report, whatever the page asks for. */
function planReport(report: OpenOptions['report']): ReportTarget | undefined {
  const { navigator } = globalThis as { navigator?: { globalPrivacyControl?: boolean } };
  if (report === undefined || navigator?.globalPrivacyControl === true) return undefined;
  const isAddresses = typeof report === 'string' || Array.isArray(report);
  const { to, sampleRate = 1 } = isAddresses
    ? { to: report, sampleRate: 1 }
    : (report as ReportOptions);
  return { endpoints: [to].flat().map((address) => resolveUrl(address as string)), sampleRate };
}
