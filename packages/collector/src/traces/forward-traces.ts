import type { Traces } from '@nearside/core';
import { postJson, receiverOf } from '../sending/receiver.js';

const LIMITS = Object.freeze({
  /** With so many requests under way, further traces are not forwarded. */
  underWay: 8,
  answerMs: 10_000,
});

/** Sends traces on. It never throws, and nobody waits for it. */
export type TraceForwarder = (traces: Traces) => void;

/**
 * Makes a forwarder to a receiver of OTLP/HTTP. Traces are sent once, and are lost to a receiver that does not take
 * them. A user and a password in the address are sent as a header. A message has only the origin of the address.
 *
 * @param onError told why traces were not taken
 * @throws StartError `option-invalid`
 */
export function forwardTraces(
  url: string,
  { onError }: { readonly onError: (error: unknown) => void },
): TraceForwarder {
  const receiver = receiverOf(url);
  let underWay = 0;

  return (traces) => {
    if (underWay >= LIMITS.underWay) return;
    underWay += 1;
    postJson(receiver, traces, LIMITS)
      .catch((cause: Error) => {
        const { origin } = receiver.address;
        onError(new Error(`Traces were not forwarded to ${origin}: ${cause.message}.`, { cause }));
      })
      .finally(() => {
        underWay -= 1;
      });
  };
}
