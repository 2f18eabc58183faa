import { StartError } from '../refusals/start-error.js';

/** Where JSON is posted to. */
export interface Receiver {
  /** Without a user and a password, which `fetch` refuses. */
  readonly address: URL;
  readonly headers: { readonly authorization?: string };
}

/**
 * Parses the address of a receiver. A user and a password in it are sent as a header. No message has the address, because
 * its path may be a secret too.
 *
 * @throws StartError `option-invalid`
 */
export function receiverOf(url: string): Receiver {
  const address = webAddressOf(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  if (username === '' && password === '') return { address, headers: {} };
  const login = `${decoded(username)}:${decoded(password)}`;
  return { address, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

/**
 * Parses the address at which people reach a collector.
 *
 * @returns it without a slash at its end
 * @throws StartError `option-invalid`
 */
export function publicAddressOf(url: string): string {
  const { href, search, hash, username, password } = webAddressOf(url);
  if (search || hash || username || password) {
    throw new StartError(
      'option-invalid',
      'expected an address as https://collector.example, got one with a user, a query or a fragment.',
    );
  }
  return href.replace(/\/$/, '');
}

function webAddressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address && /^https?:$/.test(address.protocol)) return address;
  const got = address ? `one that begins with ${address.protocol}` : 'something else';
  throw new StartError(
    'option-invalid',
    `expected an address that begins with https:// or http://, got ${got}.`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a single % stands for itself
  }
}

/** The receiver answered with another status than one of success. */
export class NotTakenError extends Error {
  override readonly name = 'NotTakenError';

  constructor(readonly status: number) {
    super(`expected status 200, got ${status}`);
  }

  /** To send the same again is of no use. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

/** @throws Error that says why it was not taken, without the address */
export async function postJson(
  { address, headers }: Receiver,
  body: unknown,
  { answerMs }: { readonly answerMs: number },
): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(answerMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new NotTakenError(response.status);
}
