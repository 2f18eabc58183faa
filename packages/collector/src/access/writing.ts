import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../refusals/refusal.js';
import { parseOrigins } from './origins.js';
import { requireTokens } from './tokens.js';

/** Says why a request may not send a report, or undefined. */
export type WritingCheck = (request: FastifyRequest) => Refusal | undefined;

export interface WritingOptions {
  /** A report's address has one of these as `?token=`. Without one nobody needs a token. */
  readonly siteTokens: readonly string[];
  /** Without one the pages of all origins may send. */
  readonly origins: readonly string[];
}

/**
 * A token in a page is no secret. It keeps out those who did not look at the page, and ends with the page's next
 * release. It is in the address, because a header would need a preflight.
 *
 * @throws StartError `token-unfit`, `option-invalid`
 */
export function createWritingCheck({ siteTokens, origins }: WritingOptions): WritingCheck {
  requireTokens(siteTokens, 'the site token');
  const tokens = new Set(siteTokens);
  const allowed = parseOrigins(origins);
  return (request) => {
    const { origin } = request.headers;
    // only pages have an origin, and Node sends none
    if (allowed && origin !== undefined && !allowed.has(origin)) return otherOrigin(origin);
    if (tokens.size > 0 && !tokens.has(tokenOf(request))) return noToken();
    return undefined;
  };
}

function tokenOf({ query }: FastifyRequest): string {
  const { token } = (query ?? {}) as { token?: unknown };
  return typeof token === 'string' ? token : '';
}

function otherOrigin(origin: string): Refusal {
  return {
    code: 'origin-refused',
    message: `Expected a report from a page of an origin that this collector lists, got one from ${origin.slice(0, 200)}. Start the collector with \`--origin\` for this origin too.`,
  };
}

function noToken(): Refusal {
  return {
    code: 'site-token-wrong',
    message:
      'Expected a site token of this collector in the address that reports go to, got another or none: report: "https://…/v1/reports?token=…".',
  };
}
