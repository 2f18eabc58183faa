import type { Traces } from '@nearside/core';
import { StartError } from '../refusals/start-error.js';

const LIMITS = Object.freeze({
  /** With so many requests under way, further traces are not forwarded. */
  underWay: 8,
  answerMs: 10_000,
});

/** Sends traces on. It never throws, and nobody waits for it. */
export type TraceForwarder = (traces: Traces) => void;

/**
 * Makes a forwarder to a receiver of OTLP/HTTP. Traces are sent once, and are lost to a receiver that does not take
 * them. A user and a password in the address are sent as a header, and no message has them.
 *
 * @param onError told why traces were not taken
 * @throws StartError `option-invalid`
 */
export function forwardTraces(
  url: string,
  { onError }: { readonly onError: (error: unknown) => void },
): TraceForwarder {
  const { address, headers } = receiverOf(url);
  let underWay = 0;

  async function send(traces: Traces): Promise<void> {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(traces),
      redirect: 'error',
      signal: AbortSignal.timeout(LIMITS.answerMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`expected status 200, got ${response.status}`);
  }

  return (traces) => {
    if (underWay >= LIMITS.underWay) return;
    underWay += 1;
    send(traces)
      .catch((cause: Error) => {
        const receiver = address.origin + address.pathname;
        onError(
          new Error(`Traces were not forwarded to ${receiver}: ${cause.message}.`, { cause }),
        );
      })
      .finally(() => {
        underWay -= 1;
      });
  };
}

interface Receiver {
  /** Without a user and a password, which `fetch` refuses. */
  readonly address: URL;
  readonly headers: { readonly authorization?: string };
}

/** @throws StartError `option-invalid` */
export function receiverOf(url: string): Receiver {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol)) throw noReceiver(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  if (username === '' && password === '') return { address, headers: {} };
  const login = `${decoded(username)}:${decoded(password)}`;
  return { address, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a single % stands for itself
  }
}

function noReceiver(url: string): StartError {
  return new StartError(
    'option-invalid',
    `traces-to: expected an address such as https://otel.example/v1/traces, got '${url.replace(/^.*@/, '…@')}'.`,
  );
}
