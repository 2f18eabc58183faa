import { createHmac, timingSafeEqual } from 'node:crypto';

const NAME = 'nearside-collector';

/** A month, because a screen on a wall is looked at for longer than a day. */
const LIFETIME_SECONDS = 30 * 86_400;

/**
 * A browser shows this cookie in place of the read token. It holds the time of its end, signed with the token. The
 * collector stores nothing, and all cookies of a token end with it.
 */
export function sessionCookie(
  token: string,
  { nowMs, isSecure }: { nowMs: number; isSecure: boolean },
): string {
  const untilMs = nowMs + LIFETIME_SECONDS * 1000;
  const value = `${untilMs}.${signatureOf(untilMs, token)}`;
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${LIFETIME_SECONDS}`];
  return [`${NAME}=${value}`, ...attributes, ...(isSecure ? ['Secure'] : [])].join('; ');
}

export function hasSession(
  header: string | undefined,
  { tokens, nowMs }: { tokens: readonly string[]; nowMs: number },
): boolean {
  for (const pair of (header ?? '').split(';')) {
    const { untilMs, signature } =
      /^\s*nearside-collector=(?<untilMs>\d{1,16})\.(?<signature>[0-9a-f]{64})\s*$/.exec(pair)
        ?.groups ?? {};
    if (untilMs === undefined || signature === undefined || Number(untilMs) <= nowMs) continue;
    const given = Buffer.from(signature);
    const expected = tokens.map((token) => Buffer.from(signatureOf(Number(untilMs), token)));
    if (expected.some((one) => timingSafeEqual(given, one))) return true;
  }
  return false;
}

function signatureOf(untilMs: number, token: string): string {
  return createHmac('sha256', token).update(`${NAME} until ${untilMs}`).digest('hex');
}
