import { isIP } from 'node:net';
import { StartError } from '../refusals/start-error.js';
import { isLoopbackName } from './loopback.js';
import { requireTokens } from './tokens.js';
import { createWritingCheck } from './writing.js';

/** Says who may do what, and how often. */
export interface Access {
  /** Requests of this machine are trusted, because nothing on it passes on requests of others. */
  readonly local: boolean;
  /** Any of these shows figures, metrics and pages. Without one only this machine sees them, where `local` is given. */
  readonly readTokens: readonly string[];
  /** Any of these lets a page send reports. Without one no page needs a token. */
  readonly siteTokens: readonly string[];
  /** Pages of these origins may send reports. Without one the pages of all origins may. */
  readonly origins: readonly string[];
  /** One IPv4 address, or one network of IPv6, may ask so often. */
  readonly requestsPerMinute: number;
  /** So many may be open at a time. */
  readonly maxConnections: number;
  /** These proxies (addresses and subnets) are believed about a sender's address. */
  readonly trustedProxies: readonly string[];
}

/** The same as options. Each may be left out. */
export interface AccessOptions {
  /**
   * For your own machine, with no proxy on it: its requests are not limited, see groups of any size, and need a read token only
   * if one is given.
   */
  readonly local?: boolean;
  /** It has 16 characters or more. Figures, metrics and pages need it. Only with `local` it may be left out. */
  readonly readToken?: string | readonly string[];
  /** It has 16 characters or more. Pages then send reports to `/v1/reports?token=…`. */
  readonly siteToken?: string | readonly string[];
  /** Pages of these origins may send reports. By default all may. */
  readonly origins?: readonly string[];
  /** One address may ask so often. With `local` requests of this machine are not counted. */
  readonly requestsPerMinute?: number;
  /** So many may be open at a time. */
  readonly maxConnections?: number;
  /** `X-Forwarded-For` of these proxies (addresses and subnets) is believed. */
  readonly trustedProxies?: readonly string[];
}

export const ACCESS_DEFAULTS: Access = Object.freeze({
  local: false,
  readTokens: [],
  siteTokens: [],
  origins: [],
  /** Three thousand devices behind one address send as many, with a report each five minutes. */
  requestsPerMinute: 600,
  /** As many sockets take a few megabytes, and systems let a process open more. */
  maxConnections: 4_000,
  trustedProxies: [],
});

export function accessOf(options: AccessOptions): Access {
  const {
    local = ACCESS_DEFAULTS.local,
    readToken = [],
    siteToken = [],
    origins = ACCESS_DEFAULTS.origins,
    requestsPerMinute = ACCESS_DEFAULTS.requestsPerMinute,
    maxConnections = ACCESS_DEFAULTS.maxConnections,
    trustedProxies = ACCESS_DEFAULTS.trustedProxies,
  } = options;
  return {
    local,
    readTokens: [readToken].flat(),
    siteTokens: [siteToken].flat(),
    origins,
    requestsPerMinute,
    maxConnections,
    trustedProxies,
  };
}

/** The audit log has the number of tokens, and no token. */
export function accessInAudit({ readTokens, siteTokens, ...others }: Access) {
  return { readTokens: readTokens.length, siteTokens: siteTokens.length, ...others };
}

/**
 * Refuses settings that cannot be meant.
 *
 * @throws StartError `read-token-missing`, `token-unfit`, `option-invalid`
 */
export function checkAccess(access: Access, host: string): void {
  requireTokens(access.readTokens, 'the read token');
  createWritingCheck(access);
  const isLocal = access.local && isLoopbackName(host);
  if (access.readTokens.length === 0 && !isLocal) throw readTokenMissing(access, host);
  requireCount('requests per minute', access.requestsPerMinute);
  requireCount('connections', access.maxConnections);
  for (const proxy of access.trustedProxies) requireAddress(proxy);
}

function requireCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new StartError('option-invalid', `${what}: expected an integer ≥ 1, got ${count}.`);
}

/**
 * Takes an address, or a subnet such as `10.0.0.0/8`.
 *
 * @throws StartError `option-invalid`
 */
export function requireAddress(text: string): void {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  const mostBits = family === 6 ? 128 : 32;
  const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= mostBits);
  if (family !== 0 && isPrefix && more.length === 0) return;
  throw new StartError(
    'option-invalid',
    `trusted proxy: expected an address such as 10.0.0.7 or a subnet such as 10.0.0.0/8, got '${text}'.`,
  );
}

function readTokenMissing({ local }: Access, host: string): StartError {
  const got = local
    ? `got none, and --local beside --host ${host || 'of all addresses'}`
    : 'got none';
  return new StartError(
    'read-token-missing',
    `expected a read token, ${got}. Give \`--read-token-file <file>\` or NEARSIDE_READ_TOKEN. ` +
      'On your own machine, with no proxy on it, `--local` and 127.0.0.1 do instead.',
  );
}
