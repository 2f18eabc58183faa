import { StartError } from '../refusals/start-error.js';

const LIMITS = Object.freeze({
  /** With so many requests under way, further traces are not forwarded. */
  underWay: 8,
  answerMs: 10_000,
});

/** Sends traces on as they came. It never throws, and nobody waits for it. */
export type TraceForwarder = (body: Uint8Array) => void;

/**
 * Makes a forwarder to a receiver of OTLP/HTTP. Each body is sent once, and is lost to a receiver that does not take
 * it.
 *
 * @param onError told why a body was not taken
 * @throws StartError `option-invalid`
 */
export function forwardTraces(
  url: string,
  { onError }: { readonly onError: (error: unknown) => void },
): TraceForwarder {
  requireReceiver(url);
  let underWay = 0;

  async function send(body: Uint8Array): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Uint8Array.from(body),
      redirect: 'error',
      signal: AbortSignal.timeout(LIMITS.answerMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`expected status 200, got ${response.status}`);
  }

  return (body) => {
    if (underWay >= LIMITS.underWay) return;
    underWay += 1;
    send(body)
      .catch((cause: Error) => {
        onError(new Error(`Traces were not forwarded to ${url}: ${cause.message}.`, { cause }));
      })
      .finally(() => {
        underWay -= 1;
      });
  };
}

function requireReceiver(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw new StartError(
    'option-invalid',
    `traces-to: expected an address such as https://otel.example/v1/traces, got '${url}'.`,
  );
}
