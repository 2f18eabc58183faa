import { extraOf, isModelPlace, type ModelAddress, splitModelAddress } from './address.js';

/**
 * Splits a model's URL as `splitModelAddress` does, and says what is wrong with one that is none.
 *
 * @throws TypeError
 */
export function parseModelAddress(url: string): ModelAddress {
  const address = splitModelAddress(url);
  if (address) return address;
  if (!URL.canParse(url)) {
    const hint = globalThis.location
      ? ''
      : '. It is relative to no page here: give the whole address';
    throw new TypeError(
      `open: expected an https: URL (http: on localhost only), got '${url}'${hint}`,
    );
  }
  const extra = extraOf(new URL(url));
  if (extra) {
    // The address is not repeated, because it may hold a secret.
    throw new TypeError(
      `open: expected the address of a model without ${extra}, got one with it. It would not be sent. ` +
        'Put headers and credentials of a private repository in `request`.',
    );
  }
  if (!isModelPlace(url, { mayAsk: false })) {
    throw new TypeError(`open: expected an https: URL (http: on localhost only), got '${url}'`);
  }
  throw new TypeError(`open: expected a model name as the last path segment, got '${url}'`);
}
