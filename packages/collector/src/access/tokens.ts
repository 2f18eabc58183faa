import { createHash, timingSafeEqual } from 'node:crypto';
import { StartError } from '../refusals/start-error.js';

/** An address holds these characters as they are (RFC 3986, section 2.3). Sixteen random ones are 96 bits. */
const FORM = /^[A-Za-z0-9._~-]{16,200}$/;

/** Returns true for one of our tokens. */
export type TokenCheck = (given: string | undefined) => boolean;

/**
 * Several tokens hold at once while pages and scrapers change from the old one to the new one.
 *
 * @param what names the token in messages: `the site token`
 * @returns a check that takes as long for a wrong token as for a right one
 * @throws StartError `token-unfit`, without the token
 */
export function createTokenCheck(tokens: readonly string[], what: string): TokenCheck {
  requireTokens(tokens, what);
  const expected = tokens.map(digestOf);
  return (given) => {
    if (given === undefined) return false;
    const got = digestOf(given);
    return expected.filter((digest) => timingSafeEqual(digest, got)).length > 0;
  };
}

/** @throws StartError `token-unfit`, without the token */
export function requireTokens(tokens: readonly string[], what: string): void {
  const token = tokens.find((one) => !FORM.test(one));
  if (token === undefined) return;
  throw new StartError(
    'token-unfit',
    `${what}: expected 16 to 200 letters, digits, dashes, dots, underscores or tildes, got ` +
      `${token.length} characters that are not all of these or not as many. ` +
      '`openssl rand -hex 24` makes one.',
  );
}

/** Digests are of equal length, whatever was given. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
