import {
  addressPrefix,
  type Mirror,
  type ModelAddress,
  pinHex,
  pinPrefix,
  type RequestOptions,
  readPin,
  splitModelAddress,
} from '@nearside/artifact';
import { type AvailableBackend, DEFAULT_BACKENDS } from '../../shared/api/backends.js';
import type {
  CaptureOptions,
  Fallback,
  OpenOptions,
  ReceiveReport,
  ReportOptions,
  StartWorker,
  StoreChoice,
  TuneBudget,
  UpdatePolicy,
} from '../../shared/api/open-options.js';
import {
  areOptions,
  isPlainObject,
  NO_OPTIONS,
  ownOptions,
  resolveUrl,
} from '../../shared/option-kinds.js';
import type { TrustAnchor, UnsignedModel } from '../../shared/protocol.js';
import { OPEN_KINDS } from './call-options.js';
import type { checkOpening } from './later/check-calls.js';

/**
 * Checked options, with every default filled in. Every field is there, also where it is undefined, so that nothing is
 * read from `Object.prototype`.
 */
export interface OpenPlan extends ServingPlan {
  readonly address: ModelAddress;
  readonly trust: TrustAnchor;
  /** The model's keys in the store begin with this. */
  readonly prefix: string;
  readonly store: StoreChoice;
  /** Bases of the repository's mirrors, each ending with a slash. */
  readonly mirrors: readonly Mirror[];
  readonly request: RequestOptions | undefined;
  /** Set by `openUnsigned` alone: then address, trust, prefix and store say nothing. */
  readonly unsigned: UnsignedModel | undefined;
}

/** The part of a plan that says how a model is served, wherever it comes from. */
export interface ServingPlan {
  /** Backends that are tried while nothing is known of the model, or when the one that served fails. */
  readonly backends: readonly AvailableBackend[];
  /** Backends that may come to serve, by measurement too. */
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
  readonly capture: CaptureOptions | undefined;
  readonly isolate: boolean;
  /** The task that the caller expects. */
  readonly task: string | undefined;
  /** CPU threads; undefined leaves it to the backend. */
  readonly threads: number | undefined;
  readonly runtime: OpenOptions['runtime'];
}

interface PlannedPolicy {
  readonly maxBytes: number | undefined;
  /** Undefined leaves it to the class of device. */
  readonly restHiddenMs: number | undefined;
  readonly saveData: boolean | undefined;
  readonly update: 'auto' | 'manual';
  readonly warmUpMs: number;
  readonly watchdogMs: number;
}

/** A collector's address, or the app's own function. */
export type Receiver = string | ReceiveReport;

/** Where reports go, as `open` was told. */
export interface ReportTarget {
  readonly receivers: readonly Receiver[];
  /** Share of device-days that report, 0 … 1. */
  readonly sampleRate: number;
  /** Share of runs that are traced, 0 … 1; at 0 none is, whatever becomes of it. */
  readonly traceRate: number;
  readonly app: string | undefined;
  readonly consent: ReportOptions['consent'];
}

export interface TunePlan extends Required<TuneBudget> {
  readonly when: 'idle' | 'before-open' | 'off';
}

/** An engine's options for its models that name none. */
export type PlanDefaults = Pick<ServingPlan, 'assets' | 'worker' | 'threads'>;

export const NO_DEFAULTS: PlanDefaults = {
  assets: undefined,
  worker: undefined,
  threads: undefined,
};

export interface Planning {
  /** Backends that this platform has workers for. */
  readonly hosted: readonly AvailableBackend[];
  readonly defaults: PlanDefaults;
}

/** Looks at calls that are out of the ordinary, and has words for what is wrong. The second part has it. */
export interface PlanHelp {
  readonly checkOpening: typeof checkOpening;
}

/** Enough for both of ONNX Runtime's builds, which weigh 3.8 and 4.3 MB, and little weights. */
const TUNE_BYTES = 10_000_000;
const TUNE_MS = 3_000;

/** Large models compile for seconds on slow phones. A load that takes longer than this hangs, ms. */
const WARM_UP_MS = 60_000;
const WATCHDOG_MS = 120_000;

/** @throws NearsideError `insecure-context`; TypeError or RangeError, naming the option, expected and got */
export async function planOpening(
  url: string,
  given: OpenOptions,
  { help, ...planning }: Planning & { readonly help: () => Promise<PlanHelp> },
): Promise<OpenPlan> {
  const options = ownOptions(given);
  const absolute = typeof url === 'symbol' ? '' : resolveUrl(url); // `checkOpening` refuses a symbol
  let address = splitModelAddress(absolute);
  let trust = readAnchor(options ?? NO_OPTIONS);
  let mirrors: OpenPlan['mirrors'] = [];
  const isOrdinary = typeof url === 'string' && areOptions(options, OPEN_KINDS);
  if (!address || !trust || !isOrdinary || globalThis.isSecureContext === false) {
    ({ address, trust, mirrors } = await (await help()).checkOpening(url, options));
  }
  return {
    address,
    trust,
    prefix: trust.sealSha256 === undefined ? pinPrefix(trust.pin) : await addressPrefix(address),
    store: options.store ?? 'auto',
    mirrors,
    request: options.request,
    unsigned: undefined,
    ...planServing(options, planning),
  };
}

/** @returns undefined where the options name none in a text, or more than one */
function readAnchor({ trust, integrity }: OpenOptions): TrustAnchor | undefined {
  const pin = readPin(trust ?? integrity);
  if (!pin || (trust !== undefined && integrity !== undefined)) return undefined;
  return trust ? { pin, sealSha256: undefined } : { pin: undefined, sealSha256: pinHex(pin) };
}

/** @param options that have been checked, as `ownOptions` gives them */
export function planServing(
  options: Omit<OpenOptions, 'trust' | 'integrity'>,
  { hosted, defaults }: Planning,
): ServingPlan {
  const { backend } = options;
  return {
    backends: backend ? [backend] : DEFAULT_BACKENDS.filter((name) => hosted.includes(name)),
    contenders: backend ? [backend] : hosted,
    tune: planTune(options.tune),
    report: planReport(options.report),
    policy: planPolicy(options.policy),
    isBackendForced: backend !== undefined,
    onProgress: options.onProgress,
    signal: options.signal,
    assets: options.assets ?? defaults.assets,
    fallback: options.fallback,
    worker: options.worker ?? defaults.worker,
    capture: options.capture,
    task: options.task,
    isolate: options.isolate ?? false,
    threads: options.threads ?? defaults.threads,
    runtime: options.runtime,
  };
}

function planTune(tune: OpenOptions['tune'] = NO_OPTIONS): TunePlan {
  const budget: TuneBudget = typeof tune === 'object' ? tune : NO_OPTIONS;
  const { maxBytes = TUNE_BYTES, maxMs = TUNE_MS } = budget;
  return { maxBytes, maxMs, when: typeof tune === 'object' ? 'idle' : tune };
}

function planPolicy({
  maxBytes,
  restHiddenMs,
  saveData,
  update = 'auto',
  warmUpMs = WARM_UP_MS,
  watchdogMs = WATCHDOG_MS,
}: UpdatePolicy = NO_OPTIONS): PlannedPolicy {
  return { maxBytes, restHiddenMs, saveData, update, warmUpMs, watchdogMs };
}

/** Global Privacy Control means no report, whatever the page asks for. */
function planReport(report: OpenOptions['report']): ReportTarget | undefined {
  const { navigator } = globalThis as { navigator?: { globalPrivacyControl?: boolean } };
  if (report === undefined || navigator?.globalPrivacyControl === true) return undefined;
  const options: Partial<ReportOptions> = isPlainObject(report) ? report : NO_OPTIONS;
  const { to = report, sampleRate = 1, traceRate = 0, app, consent } = options;
  const receivers = [to as Receiver | string[]].flat().map(resolveReceiver);
  return { receivers, sampleRate, traceRate, app, consent };
}

function resolveReceiver(receiver: Receiver): Receiver {
  return typeof receiver === 'function' ? receiver : resolveUrl(receiver);
}
