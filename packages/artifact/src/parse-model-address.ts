import { isModelPlace, type ModelAddress, splitAddress } from './address.js';

/**
 * Splits a model's URL as `splitModelAddress` does, or one of the page's own origin, and says what is wrong with any
 * other.
 *
 * @throws TypeError
 */
export function parseModelAddress(url: string): ModelAddress {
  if (!URL.canParse(url)) throw notSecure(url);
  const parsed = new URL(url);
  const extra = extraOf(parsed);
  if (extra) {
    // The address is not repeated, because it may hold a secret.
    throw new TypeError(
      `open: expected the address of a model without ${extra}, got one with it. It would not be sent. ` +
        'Put headers and credentials of a private repository in `request`.',
    );
  }
  if (!isModelPlace(url, { mayAsk: false })) throw notSecure(url);
  const address = splitAddress(parsed);
  if (address) return address;
  throw new TypeError(`open: expected a model name as the last path segment, got '${url}'`);
}

function notSecure(url: string): TypeError {
  return new TypeError(
    `open: expected an https: URL (http: on localhost only), got '${url}'${hintFor(url)}`,
  );
}

function hintFor(url: string): string {
  const served = 'the whole address, such as `npx nearside serve` prints for a folder';
  if (url.startsWith('file:')) return `. Give ${served}`;
  const isRelative = !URL.canParse(url) && globalThis.location === undefined;
  return isRelative ? `. It is relative to no page here: give ${served}` : '';
}

/**
 * @returns a part of an address that is lost where a path is put behind it; of several parts the one that is most
 *   likely a secret
 */
function extraOf({ username, password, hash, search }: URL): string | undefined {
  if (username || password) return "a user's name or password";
  if (hash) return 'a fragment';
  return search ? 'a query' : undefined;
}
