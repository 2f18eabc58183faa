import { isModelName } from '@nearside/core';

/** Where a model lives: the last path segment names the model, the rest is the repository. */
export interface ModelAddress {
  /** Ends with a slash. */
  readonly repository: string;
  readonly model: string;
}

/**
 * Splits a model's URL. Only `https:` is accepted, or `http:` on localhost.
 *
 * @throws TypeError when it is not such a URL, or its last segment is not a model name
 */
export function parseModelAddress(url: string): ModelAddress {
  if (!isSecureAddress(url)) {
    throw new TypeError(`open: expected an https: URL (http: on localhost only), got '${url}'`);
  }
  const { origin, pathname } = new URL(url);
  const segments = pathname.replace(/\/+$/, '').split('/');
  const model = segments.pop() ?? '';
  if (!isModelName(model)) {
    throw new TypeError(`open: expected a model name as the last path segment, got '${url}'`);
  }
  return { repository: `${origin}${segments.join('/')}/`, model };
}

/** Whether an address is `https:`, or `http:` on localhost. */
export function isSecureAddress(address: string): boolean {
  return URL.canParse(address) && isSecure(new URL(address));
}

function isSecure({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(?:127(?:\.\d+){3}|\[::1\]|(?:.+\.)?localhost)$/.test(hostname))
  );
}
