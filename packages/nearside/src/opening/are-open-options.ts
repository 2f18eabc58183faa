import { isSecureAddress } from '@nearside/artifact';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../runtime-assets.js';
import { isReportOptions } from './is-report-options.js';
import type { OpenOptions, UpdatePolicy } from './open-options.js';
import { resolveUrl } from './resolve-url.js';

/**
 * Whether all options are there and of their kind. What is ordinary passes at once; what does not is
 * looked at closely by `check-open-options.ts`, which has words for it, and may pass all the same.
 */
export function areOpenOptions(options: unknown, known: readonly string[]): boolean {
  return (
    typeof options === 'object' &&
    options !== null &&
    Object.entries(options).every(
      ([name, value]) =>
        known.includes(name) &&
        (value === undefined || (RULES[name as keyof typeof RULES]?.(value as never) ?? true)),
    )
  );
}

const isFunction = (value: unknown) => typeof value === 'function';
const isSecure = (address: unknown) => isSecureAddress(resolveUrl(String(address)));
const areSecure = (addresses: unknown) =>
  Array.isArray(addresses) && addresses.length > 0 && addresses.every(isSecure);

const RULES = {
  onProgress: isFunction,
  fallback: isFunction,
  worker: isFunction,
  signal: (signal: unknown) => signal instanceof AbortSignal,
  isolate: (isolate: unknown) => typeof isolate === 'boolean',
  assets: (assets: unknown) => typeof assets === 'string',
  backend: (backend: AvailableBackend) => AVAILABLE_BACKENDS.includes(backend),
  store: (store: unknown) => store === 'auto' || store === 'memory',
  tune: (tune: unknown) => tune === 'off' || tune === 'before-open',
  report(report: NonNullable<OpenOptions['report']>) {
    if (!report || isReportOptions(report)) return false;
    return areSecure([report].flat());
  },
  mirrors: areSecure,
  policy: (policy: UpdatePolicy) =>
    Object.entries(policy ?? { none: 1 }).every(([name, value]) => isPolicy(name, value)),
  request: () => false,
};

function isPolicy(name: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (name === 'saveData') return true;
  if (name === 'update') return value === 'auto' || value === 'manual';
  return ['maxBytes', 'warmUpMs', 'watchdogMs'].includes(name) && Number(value) > 0;
}
