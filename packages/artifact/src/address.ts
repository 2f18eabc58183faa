import { isModelName } from '@nearside/core';

/** Where a model lives: the last path segment names the model, the rest is the repository. */
export interface ModelAddress {
  /** Ends with a slash. */
  readonly repository: string;
  readonly model: string;
}

/**
 * Splits a model's URL. Only `https:` is accepted, or `http:` on localhost, without a part that would never be sent.
 *
 * @returns undefined for any other, and where its last segment is no model name
 */
export function splitModelAddress(url: string): ModelAddress | undefined {
  return isSecureAddress(url, { mayAsk: false }) ? splitAddress(new URL(url)) : undefined;
}

/** Splits the address of a model, wherever that is. @returns undefined where its last segment is no model name */
export function splitAddress({ protocol, host, pathname }: URL): ModelAddress | undefined {
  const segments = pathname.replace(/\/+$/, '').split('/');
  const model = segments.pop() ?? '';
  const repository = `${protocol}//${host}${segments.join('/')}/`;
  return isModelName(model) ? { repository, model } : undefined;
}

/**
 * @returns true for an address that a model may have, whatever its last segment: a secure one, or one of the page's own
 *   origin, as an extension has one
 *
 * @param mayAsk as in {@link isSecureAddress}
 */
export function isModelPlace(url: string, { mayAsk }: { mayAsk: boolean }): boolean {
  return isSecureAddress(url, { mayAsk }) || (isOwnOrigin(url) && isWhole(new URL(url), mayAsk));
}

/** `URL` gives schemes that it does not know, as extensions have, no origin. */
function isOwnOrigin(url: string): boolean {
  if (!globalThis.isSecureContext || !URL.canParse(url)) return false;
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}` === globalThis.origin;
}

/**
 * @returns true for an `https:` address, or `http:` on localhost, without a part that would never be sent
 *
 * @param mayAsk true if it may have a query, because no path is put behind it
 */
export function isSecureAddress(address: string, { mayAsk }: { mayAsk: boolean }): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return isSecure(url) && isWhole(url, mayAsk);
}

/** All of it would be sent. `parse-model-address.ts` has the words for what would not. */
function isWhole({ username, password, hash, search }: URL, mayAsk: boolean): boolean {
  return !(username || password || hash || (search && !mayAsk));
}

function isSecure({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(?:127(?:\.\d+){3}|\[::1\]|(?:.+\.)?localhost)$/.test(hostname))
  );
}
