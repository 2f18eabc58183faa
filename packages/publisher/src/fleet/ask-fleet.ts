import { isNearsideError, parse } from '@nearside/core';
import type * as v from 'valibot';
import { PublisherError } from '../errors/publisher-error.js';
import { ask, failed } from '../network/ask.js';
import {
  type FleetCanary,
  FleetCanarySchema,
  type FleetFaults,
  FleetFaultsSchema,
  type FleetFindings,
  FleetFindingsSchema,
} from './fleet-answers.js';

/** A collector, and the token that lets its figures be read. */
export interface CollectorAccess {
  /** Its address, such as `https://reports.example`. */
  readonly url: string;
  /** Not needed where a collector on this machine asks for none. */
  readonly token?: string | undefined;
  /** Silence for so long is no answer; by default 15 s. */
  readonly patienceMs?: number | undefined;
}

/** A rollout of which nobody reported for so long is not told of, as in the collector's own looks, ms. Apps rest at night, at weekends and in holidays. */
const LOOKED_BACK_MS = 14 * 86_400_000;

/**
 * Asks a collector how the rollouts of a model do.
 *
 * @param nowMs the time there, where that is known
 * @throws NearsideError `network-failed` when nothing answers in time, or a server that is overloaded;
 *   `read-token-missing`; `fleet-malformed` when the answer is not that of a collector
 * @throws TypeError when the address or the token cannot be one
 */
export function askCanary(
  collector: CollectorAccess,
  model: string,
  nowMs = Date.now(),
): Promise<FleetCanary> {
  const from = nowMs - LOOKED_BACK_MS;
  return question(collector, 'canary', { asked: { model, from }, schema: FleetCanarySchema });
}

/** Asks a collector how often shadows of a model decided as the version that serves. Throws as {@link askCanary}. */
export function askShadow(collector: CollectorAccess, model: string): Promise<FleetFaults> {
  const from = Date.now() - LOOKED_BACK_MS;
  return question(collector, 'faults', { asked: { model, from }, schema: FleetFaultsSchema });
}

/** Asks a collector which verdicts on the rollouts of a model two looks in a row have seen. Throws as {@link askCanary}. */
export function askFindings(collector: CollectorAccess, model: string): Promise<FleetFindings> {
  return question(collector, 'findings', { asked: { model }, schema: FleetFindingsSchema });
}

const MAX_BYTES = 16e6;

async function question<Schema extends v.GenericSchema>(
  { url, token, patienceMs }: CollectorAccess,
  name: string,
  { asked: parameters, schema }: { asked: Record<string, string | number>; schema: Schema },
): Promise<v.InferOutput<Schema>> {
  const address = new URL(`v1/fleet/${name}`, collectorAddress(url));
  for (const [key, value] of Object.entries(parameters)) {
    address.searchParams.set(key, String(value));
  }
  const asked = address.href;
  const {
    url: answered,
    status,
    bytes,
  } = await ask(asked, {
    bearer: token === undefined ? undefined : requireToken(token),
    maxBytes: MAX_BYTES,
    patienceMs,
  });
  const { origin } = new URL(answered);
  if (origin !== address.origin) {
    const message = `${asked}: expected an answer of ${address.origin}, got a redirect to ${origin}. Give the address of the collector itself.`;
    throw malformed(message, { url: asked });
  }
  if (status === 401) throw noReader(asked, token);
  if (status !== 200) {
    const advice =
      status === 404
        ? ' `--fleet` takes the address of the collector without a path, such as https://reports.example.'
        : '';
    const message = `${asked}: expected the answer of a collector, got status ${status}.${advice}`;
    const details = { url: asked, status };
    throw isPassing(status) ? failed(message, details) : malformed(message, details);
  }
  return read(bytes, { asked, schema });
}

function read<Schema extends v.GenericSchema>(
  bytes: Uint8Array,
  { asked, schema }: { asked: string; schema: Schema },
): v.InferOutput<Schema> {
  const details = { url: asked };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const got = bytes.length === 0 ? 'nothing' : 'something else';
    throw malformed(`${asked}: expected JSON from a collector, got ${got}.`, details, cause);
  }
  try {
    return parse(schema, value, { code: 'metadata-malformed', what: asked });
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const message = `${error.message} Is it a collector, and of this version?`;
    throw malformed(message, details, error);
  }
}

/** A server that is overloaded, or stands before one that is down, says so. Any other status is that of another server. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 429;
}

function malformed(message: string, details: object, cause?: unknown): PublisherError {
  return new PublisherError('fleet-malformed', message, { details: { ...details }, cause });
}

/**
 * The address is named in messages, so it holds no secret.
 *
 * @throws TypeError
 */
export function collectorAddress(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  const { protocol, username, password, search, hash } = base ?? {};
  if (base && /^https?:$/.test(protocol ?? '') && !(username || password || search || hash)) {
    base.pathname = base.pathname.replace(/\/*$/, '/');
    return base;
  }
  const got = /^https?:\/\//i.test(url) ? 'another text' : 'a text without http:// or https://';
  throw new TypeError(
    '`fleet`: expected the address of a collector, such as https://reports.example, without a user, a query ' +
      `or a fragment, got ${got}.`,
  );
}

function requireToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError(
    '`fleetToken`: expected a read token of visible ASCII characters, got none or others.',
  );
}

function noReader(asked: string, token: string | undefined): PublisherError {
  return new PublisherError(
    'read-token-missing',
    `${asked}: expected a read token of this collector, got ${token === undefined ? 'none' : 'another'}. Set ` +
      'NEARSIDE_READ_TOKEN, or `--fleet-token-file` to a file that holds it.',
    { details: { url: asked } },
  );
}
