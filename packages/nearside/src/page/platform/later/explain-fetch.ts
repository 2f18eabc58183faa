import type { RequestOptions } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';

/** Has the whole policy, and the headers of a model's server. */
const GUIDE = 'docs/guide/headers.md';

/** A look sends nothing that the library would not send. */
export const LOOK = {
  method: 'HEAD',
  cache: 'no-store',
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
} as const;

/**
 * Finds out why an address was not answered: browsers give such failures no reason. It asks for the same once more, and
 * listens to the refusals of the page's Content-Security-Policy.
 *
 * @param request how it was asked for
 * @returns an error that names the one thing to change, where one is found; undefined else
 */
export async function explainFetch(
  error: unknown,
  request?: RequestOptions,
): Promise<NearsideError | undefined> {
  if (!isNearsideError(error) || error.code !== 'network-failed' || !error.cause) return undefined;
  const { address } = error.details;
  if (typeof address !== 'string') return undefined;
  const { origin } = new URL(address);
  const failed = (
    message: string,
    { retryable, ...more }: { retryable?: boolean; directive?: string; address?: string } = {},
  ) =>
    new NearsideError('network-failed', `${message} See ${GUIDE}.`, {
      cause: error,
      details: { ...error.details, ...more },
      retryable,
    });
  let isReadable = false;
  const directive = await refusalOf(['connect-src'], async () => {
    await fetch(address, LOOK);
    isReadable = true;
  });
  if (directive) {
    return failed(
      `Expected an answer of ${origin}, ${REFUSED}: add ${origin} to \`${directive}\`.`,
      { directive, address: origin },
    );
  }
  if (origin === globalThis.origin) return undefined;
  if (isReadable) return request && failed(whatToAllow(origin, request));
  if (await answersUnread(address)) {
    return failed(
      `Expected ${address} to be readable from another origin, got an answer that is not: have ${origin} send ` +
        `\`Access-Control-Allow-Origin: ${globalThis.origin}\`, or \`*\`.`,
    );
  }
  if (globalThis.crossOriginIsolated) return undefined; // such a page may not see that there is an answer
  const { retryable } = error;
  return failed(`Expected an answer of ${address}, got none: no server answers at ${origin}.`, {
    retryable,
  });
}

/** The message for an origin that answers what the page asks without its `request`. */
function whatToAllow(origin: string, { headers = {}, credentials }: RequestOptions): string {
  const names = Object.keys(headers).join(', ');
  const allow = [`Access-Control-Allow-Origin: ${globalThis.origin}`];
  if (credentials === 'include') allow.push('Access-Control-Allow-Credentials: true');
  if (names) allow.push(`Access-Control-Allow-Headers: ${names}`);
  return (
    `Expected ${origin} to answer with the page's \`request\`, got an answer only without it: have it send ` +
    `\`${allow.join('`, `')}\`.`
  );
}

/** An answer without CORS headers shows nothing of itself but that it is there. */
async function answersUnread(address: string): Promise<boolean> {
  const signal = AbortSignal.timeout(LOOK_MS);
  return fetch(address, { ...LOOK, mode: 'no-cors', signal }).then(
    () => true,
    () => false,
  );
}

/** By the page, for whoever is told what to allow. */
export const REFUSED = "got a refusal of the page's Content-Security-Policy";

/** The second try may take this long, ms. */
export const LOOK_MS = 3_000;

/**
 * Does something once more, and hears whether the page's policy refuses it: the error of a `fetch` or a worker
 * does not say so.
 *
 * @param directives others may be violated by the page meanwhile
 * @returns the directive that refuses it, such as `worker-src`
 */
export async function refusalOf(
  directives: readonly string[],
  again: () => Promise<unknown>,
): Promise<string | undefined> {
  const { document } = globalThis;
  if (!document) return undefined;
  let refused: string | undefined;
  const listen = ({ effectiveDirective, disposition }: SecurityPolicyViolationEvent) => {
    if (disposition !== 'enforce' || !directives.includes(effectiveDirective)) return;
    refused ??= effectiveDirective;
  };
  document.addEventListener('securitypolicyviolation', listen);
  try {
    await Promise.race([again().catch(() => {}), passed(LOOK_MS)]);
    await passed(0); // the event comes after the refusal
    return refused;
  } finally {
    document.removeEventListener('securitypolicyviolation', listen);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
