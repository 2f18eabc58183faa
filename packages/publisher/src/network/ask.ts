import { NearsideError } from '@nearside/core';

export const ASKING = Object.freeze({
  /** No answer, or no further byte of one, for so long is none, ms. */
  patienceMs: 15_000,
  /** A whole answer takes at most so long, ms: one that trickles for ever is none either. */
  wholeMs: 120_000,
  /** The largest runtime file has 17 MB. */
  maxBytes: 64e6,
});

export interface Answer {
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Decompressed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface AskOptions {
  /** The page that asks: a server sees it as `Origin`, and answers with CORS headers. */
  readonly origin?: string | undefined;
  /** A secret for the server of this address, and for no other that it redirects to. */
  readonly bearer?: string | undefined;
  readonly maxBytes?: number | undefined;
  readonly patienceMs?: number | undefined;
}

/**
 * Asks for a file as a browser does, and follows redirects.
 *
 * @returns an answer of any status
 * @throws NearsideError `network-failed` says in words why there is none
 */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const { origin, bearer, maxBytes = ASKING.maxBytes, patienceMs = ASKING.patienceMs } = options;
  const silence = new AbortController();
  const waitOn = () => setTimeout(() => silence.abort(), patienceMs);
  let waiting = waitOn();
  try {
    const response = await fetch(url, {
      headers: {
        Accept: '*/*',
        'Accept-Encoding': 'gzip, deflate, br',
        ...(origin !== undefined && { Origin: origin }),
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      },
      signal: AbortSignal.any([silence.signal, AbortSignal.timeout(ASKING.wholeMs)]),
    });
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const part of response.body ?? []) {
      clearTimeout(waiting);
      waiting = waitOn();
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) throw tooLarge(url, maxBytes); // leaving the loop ends the transfer
    }
    const { status, headers } = response;
    return { url: response.url, status, headers, bytes: new Uint8Array(Buffer.concat(parts)) };
  } catch (cause) {
    if (cause instanceof NearsideError) throw cause;
    const got = silence.signal.aborted
      ? `silence for ${patienceMs / 1000} s. Is the server overloaded, or behind a firewall?`
      : describeFailure(cause as Error);
    throw failed(`${url}: expected an answer, got ${got}`, { url }, cause);
  } finally {
    clearTimeout(waiting);
  }
}

function tooLarge(url: string, maxBytes: number): NearsideError {
  const most = maxBytes.toLocaleString('en');
  return failed(`${url}: expected at most ${most} bytes, got more, and stopped reading.`, { url });
}

export function failed(message: string, details: object, cause?: unknown): NearsideError {
  return new NearsideError('network-failed', message, { details: { ...details }, cause });
}

/** Node puts the reason of `fetch failed` below it. */
function describeFailure(error: Error): string {
  const { code = '', message = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (error.name === 'TimeoutError') return `none that ended within ${ASKING.wholeMs / 1000} s.`;
  if (code === 'ECONNREFUSED') return 'a refused connection: nobody listens there. Is it started?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'no such host. Is the address spelled right?';
  if (/ERR_SSL|EPROTO/.test(code)) {
    return `no TLS connection (${code}). Does it speak plain HTTP? Then give its http:// address.`;
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code)) {
    return (
      `a certificate error (${code}: ${message}). Browsers refuse it too: renew the certificate, or for ` +
      'one of your own set NODE_EXTRA_CA_CERTS to its file.'
    );
  }
  if (/redirect/.test(message)) return 'redirects without an end.';
  return `none: ${message || error.message}.`;
}

/** The type of an answer, without its parameters. */
export function typeOf({ headers }: Answer): string {
  return (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** False for an error, and for the page that single-page hosts send for unknown paths. */
export function isFile(answer: Answer): boolean {
  return answer.status === 200 && typeOf(answer) !== 'text/html';
}
