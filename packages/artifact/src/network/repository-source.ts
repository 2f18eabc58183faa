import { NearsideError } from '@nearside/core';
import type { Pace } from './pace.js';
import { type BodyLimits, readBody } from './read-body.js';
import { startTransfer } from './transfer.js';

/** How requests to a private repository are made. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: 'omit' | 'same-origin' | 'include';
}

/** Another base of a repository. */
export interface Mirror {
  readonly url: string;
  /**
   * How requests to it are made. Without this, a mirror on the repository's origin gets the repository's options, and
   * others get no headers or credentials.
   */
  readonly request?: RequestOptions | undefined;
}

export interface FetchOptions extends BodyLimits {
  /** How the HTTP cache is used; chunks bypass it, because the verified store keeps them. */
  readonly cache?: 'default' | 'no-cache' | 'no-store' | 'reload';
  /** The file can be done without. It is not asked for again if a server fails in passing. */
  readonly isOptional?: boolean;
}

/** Reads files of one repository, by path, over HTTP. Nothing it returns is trusted. */
export interface RepositorySource {
  /** @throws NearsideError a network code, or `tooLarge` over `maxBytes` */
  fetch(path: string, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches; returns undefined when the server says that there is no such file. */
  fetchIfPresent(path: string, options: FetchOptions): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * Opens the repository at a URL that ends with a slash.
 *
 * @param signal ends every request of this source
 * @param pace counts the bytes that it brings
 */
export function openRepositorySource(
  url: string,
  {
    request,
    signal,
    pace,
  }: {
    readonly request?: RequestOptions | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly pace?: Pace | undefined;
  },
): RepositorySource {
  async function fetchIfPresent(path: string, options: FetchOptions) {
    const transfer = startTransfer(signal, pace);
    try {
      const response = await fetch(url + path, {
        ...howToAsk(request),
        cache: options.cache ?? 'default',
        signal: transfer.signal,
      });
      requireSameOrigin(response, url, path);
      if (isAbsent(response)) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok) throw statusError(url + path, response.status);
      return await readBody(response, { path, transfer, ...options });
    } catch (error) {
      throw transfer.explain(error, url, path);
    } finally {
      transfer.end();
    }
  }

  return {
    fetchIfPresent,
    async fetch(path, options) {
      const bytes = await fetchIfPresent(path, options);
      if (bytes) return bytes;
      throw absentError(url + path);
    },
  };
}

/** Options that every request to a repository has. */
export function howToAsk(request: RequestOptions | undefined): RequestInit {
  return {
    ...(request?.headers && { headers: request.headers }),
    credentials: request?.credentials ?? 'omit',
    // Headers for this origin must not travel to another one before the redirect is refused.
    redirect: isPrivate(request) ? 'manual' : 'follow',
    referrerPolicy: 'no-referrer',
  };
}

/**
 * 404 and 403 (S3 without list permission), and a 200 of HTML: single-page hosts answer unknown
 * paths with their index page (measured on `vite preview`).
 */
export function isAbsent(response: Response): boolean {
  const html = response.headers.get('content-type')?.startsWith('text/html') ?? false;
  return response.status === 404 || response.status === 403 || (response.ok && html);
}

function isPrivate(request: RequestOptions | undefined): boolean {
  return request?.headers !== undefined || (request?.credentials ?? 'omit') !== 'omit';
}

function requireSameOrigin(response: Response, url: string, path: string): void {
  if (isRedirect(response)) throw redirected(url, path, 'another address');
  if (!response.redirected || new URL(response.url).origin === new URL(url).origin) return;
  throw redirected(url, path, new URL(response.url).origin);
}

/** A redirect that was not followed. Browsers show nothing of it; Node shows its status. */
function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304);
}

function redirected(url: string, path: string, to: string): NearsideError {
  const { origin } = new URL(url);
  return new NearsideError(
    'redirect-refused',
    `${path}: expected an answer from ${origin}, got a redirect to ${to}. Open the model at its final ` +
      'address.',
    { details: { path, expected: origin, got: to } },
  );
}

function absentError(address: string): NearsideError {
  return new NearsideError(
    'network-failed',
    `${address}: expected a file, got none: status 404 or 403, or a web page, as single-page hosts send ` +
      'for unknown paths. Is there a repository at this address? A sealed model is opened with `integrity`.',
    { details: { address } },
  );
}

function statusError(address: string, status: number): NearsideError {
  return new NearsideError('network-failed', `${address}: expected status 200, got ${status}.`, {
    details: { address, status },
    retryable: status >= 500 || status === 429,
  });
}
