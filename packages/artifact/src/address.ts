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
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) throw new TypeError(`open: expected an absolute URL of a model, got '${url}'`);
  if (!isSecureAddress(url)) {
    throw new TypeError(`open: expected an https: URL (http: on localhost only), got '${url}'`);
  }
  const segments = parsed.pathname.replace(/\/+$/, '').split('/');
  const model = segments.pop() ?? '';
  if (!isModelName(model)) {
    throw new TypeError(
      `open: expected a model name as the last path segment, for instance ` +
        `https://cdn.example/models/digits, got '${url}'`,
    );
  }
  return { repository: `${parsed.origin}${segments.join('/')}/`, model };
}

/** Whether an address is `https:`, or `http:` on localhost. */
export function isSecureAddress(address: string): boolean {
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  return parsed !== undefined && (parsed.protocol === 'https:' || isLocalhost(parsed));
}

function isLocalhost({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'http:' &&
    (/^(?:127(?:\.\d+){3}|\[::1\])$/.test(hostname) ||
      hostname === 'localhost' ||
      hostname.endsWith('.localhost'))
  );
}
