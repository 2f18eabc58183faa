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
 * @throws TypeError when it is not such a URL, or its last segment is not a model name
 */
export function parseModelAddress(url: string): ModelAddress {
  const address = splitModelAddress(url);
  if (address) return address;
  const extra = URL.canParse(url) ? extraOf(new URL(url)) : undefined;
  if (extra) {
    // The address is not repeated, because it may hold a secret.
    throw new TypeError(
      `open: expected the address of a model without ${extra}, got one with it. It would not be sent. ` +
        'Put headers and credentials of a private repository in `request`.',
    );
  }
  if (!isSecureAddress(url, { mayAsk: false })) {
    throw new TypeError(`open: expected an https: URL (http: on localhost only), got '${url}'`);
  }
  throw new TypeError(`open: expected a model name as the last path segment, got '${url}'`);
}

/** Splits a model's URL as {@link parseModelAddress} does. @returns undefined where that throws */
export function splitModelAddress(url: string): ModelAddress | undefined {
  if (!isSecureAddress(url, { mayAsk: false })) return undefined;
  const { origin, pathname } = new URL(url);
  const segments = pathname.replace(/\/+$/, '').split('/');
  const model = segments.pop() ?? '';
  return isModelName(model) ? { repository: `${origin}${segments.join('/')}/`, model } : undefined;
}

/**
 * @returns true for an `https:` address, or `http:` on localhost, without a part that would never be sent
 *
 * @param mayAsk true if it may have a query, because no path is put behind it
 */
export function isSecureAddress(address: string, { mayAsk }: { mayAsk: boolean }): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const extra = extraOf(url);
  return isSecure(url) && (extra === undefined || (mayAsk && extra === QUERY));
}

const QUERY = 'a query';

/**
 * @returns a part of an address that is lost where a path is put behind it; of several parts the one that is most
 *   likely a secret
 */
function extraOf({ username, password, hash, search }: URL): string | undefined {
  if (username || password) return "a user's name or password";
  if (hash) return 'a fragment';
  return search ? QUERY : undefined;
}

function isSecure({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(?:127(?:\.\d+){3}|\[::1\]|(?:.+\.)?localhost)$/.test(hostname))
  );
}
