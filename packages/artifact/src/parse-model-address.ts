import { extraOf, isSecureAddress, type ModelAddress, splitModelAddress } from './address.js';

/**
 * Splits a model's URL as `splitModelAddress` does, and says what is wrong with one that is none.
 *
 * @throws TypeError
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
