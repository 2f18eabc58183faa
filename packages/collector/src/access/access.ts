import { isIP } from 'node:net';
import { StartError } from '../refusals/start-error.js';
import { isLoopbackName } from './loopback.js';
import { requireTokens } from './tokens.js';
import { createWritingCheck } from './writing.js';

/** Who may do what, and how much of it. */
export interface Access {
  /** Any of these shows figures, metrics and pages; none: everybody sees them, and only this machine can ask. */
  readonly readTokens: readonly string[];
  /** Any of these lets a page send reports; none: no page needs one. */
  readonly siteTokens: readonly string[];
  /** Pages of these origins may send reports; none: of all. */
  readonly origins: readonly string[];
  /** Of one address, and of one network of IPv6. */
  readonly requestsPerMinute: number;
  /** Open at a time. */
  readonly maxConnections: number;
  /** Addresses and subnets of proxies beside those on this machine: what they say of a sender's address is believed. */
  readonly trustedProxies: readonly string[];
}

/** The same as options, each of which may be left out. */
export interface AccessOptions {
  /** At least 16 characters; shows figures, metrics and pages. Needed where other machines can reach `host`. */
  readonly readToken?: string | readonly string[];
  /** At least 16 characters; pages then send reports to `/v1/reports?token=…`. */
  readonly siteToken?: string | readonly string[];
  /** Origins whose pages may send reports; by default all. */
  readonly origins?: readonly string[];
  /** From one address; those of this machine are not counted. */
  readonly requestsPerMinute?: number;
  /** Open at a time. */
  readonly maxConnections?: number;
  /** Addresses and subnets of proxies on other machines, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
}

export const ACCESS_DEFAULTS: Access = Object.freeze({
  readTokens: [],
  siteTokens: [],
  origins: [],
  /** Three thousand devices behind one address, at a report each five minutes. */
  requestsPerMinute: 600,
  /** A few megabytes of sockets; under what systems let a process open. */
  maxConnections: 4_000,
  trustedProxies: [],
});

export function accessOf(options: AccessOptions): Access {
  const {
    readToken = [],
    siteToken = [],
    origins = ACCESS_DEFAULTS.origins,
    requestsPerMinute = ACCESS_DEFAULTS.requestsPerMinute,
    maxConnections = ACCESS_DEFAULTS.maxConnections,
    trustedProxies = ACCESS_DEFAULTS.trustedProxies,
  } = options;
  return {
    readTokens: [readToken].flat(),
    siteTokens: [siteToken].flat(),
    origins,
    requestsPerMinute,
    maxConnections,
    trustedProxies,
  };
}

/** How many tokens, and none of them. */
export function accessInAudit({ readTokens, siteTokens, ...others }: Access) {
  return { readTokens: readTokens.length, siteTokens: siteTokens.length, ...others };
}

/**
 * Checks what cannot be meant.
 *
 * @throws StartError `read-token-missing`, `token-unfit`, `option-invalid`
 */
export function checkAccess(access: Access, host: string): void {
  requireTokens(access.readTokens, 'the read token');
  createWritingCheck(access);
  if (access.readTokens.length === 0 && !isLoopbackName(host)) throw readTokenMissing(host);
  requireCount('requests per minute', access.requestsPerMinute);
  requireCount('connections', access.maxConnections);
  for (const proxy of access.trustedProxies) requireAddress(proxy);
}

function requireCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new StartError('option-invalid', `${what}: expected an integer ≥ 1, got ${count}.`);
}

/** An address, or a subnet as `10.0.0.0/8`. */
function requireAddress(text: string): void {
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

function readTokenMissing(host: string): StartError {
  return new StartError(
    'read-token-missing',
    `host: expected a read token beside an address that other machines can reach, got ${host || 'all addresses'} and none. ` +
      'Give `--read-token-file <file>` or NEARSIDE_READ_TOKEN, or listen on 127.0.0.1.',
  );
}
