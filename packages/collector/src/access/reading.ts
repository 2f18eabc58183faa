import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendRefusal } from '../refusals/refusal.js';
import type { Access } from './access.js';
import { LOGIN_POLICY, loginPage } from './login-page.js';
import { looksLocal } from './loopback.js';
import { createRequestLimit } from './request-limit.js';
import { hasSession, sessionCookie } from './session-cookie.js';
import { createTokenCheck } from './tokens.js';

/** Nobody mistypes so often. */
const WRONG_TOKENS_PER_MINUTE = 10;

/**
 * Shows the routes of `scope` that are added after this only with a read token. Programs send `Authorization: Bearer`,
 * and browsers a cookie that they get from a form. Where there is no read token only this machine may read, and only where
 * `local` is given.
 *
 * @throws StartError `token-unfit`
 */
export function requireReader(
  scope: FastifyInstance,
  { local, readTokens, now }: Pick<Access, 'local' | 'readTokens'> & { now: () => number },
): void {
  if (readTokens.length === 0) {
    scope.addHook('onRequest', async ({ raw }, reply) => {
      if (!local || !looksLocal(raw)) return sendRefusal(reply, notLocal(raw.headers.host));
    });
    return;
  }
  const isReadToken = createTokenCheck(readTokens, 'the read token');
  const wrongTokens = createRequestLimit({ perMinute: WRONG_TOKENS_PER_MINUTE });

  function isReader({ headers }: FastifyRequest): boolean {
    const bearer = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
    return isReadToken(bearer) || hasSession(headers.cookie, { tokens: readTokens, nowMs: now() });
  }

  scope.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === '/login' || isReader(request)) return;
    reply.header('WWW-Authenticate', 'Bearer');
    const wantsPage = request.headers.accept?.includes('text/html') ?? false;
    return wantsPage ? sendLogin(request, reply) : sendRefusal(reply, NO_READER);
  });
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 1024 },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  // a form that was sent with a wrong token and is loaded again
  scope.get('/login', async (request, reply) =>
    reply
      .header('Location', `./${wantedPage(request)}`)
      .code(303)
      .send(),
  );
  scope.post('/login', async (request, reply) => {
    const token = request.body instanceof URLSearchParams ? request.body.get('token') : undefined;
    if (token && isReadToken(token)) {
      const isSecure = request.protocol === 'https';
      reply.header('Set-Cookie', sessionCookie(token, { nowMs: now(), isSecure }));
      return reply
        .header('Location', `./${wantedPage(request)}`)
        .code(303)
        .send();
    }
    const seconds = wrongTokens(request.ip, now());
    if (seconds > 0) return sendRefusal(reply, tooManyTokens(seconds));
    return sendLogin(request, reply, 'This is not a read token of the collector.');
  });
}

function sendLogin(request: FastifyRequest, reply: FastifyReply, problem?: string): FastifyReply {
  const page = wantedPage(request);
  const query = page && `?to=${encodeURIComponent(page)}`;
  const isLogin = request.routeOptions.url === '/login';
  const up = '../'.repeat(isLogin ? 0 : page.replace(/\?.*/s, '').split('/').length - 1);
  return reply
    .code(401)
    .headers({ 'Content-Security-Policy': LOGIN_POLICY, 'Referrer-Policy': 'no-referrer' })
    .type('text/html; charset=utf-8')
    .send(loginPage(`${up || './'}login${query}`, problem));
}

/** Returns the path and query of this collector that a browser asked for, without a slash at the begin. */
function wantedPage({ routeOptions, query, url }: FastifyRequest): string {
  const { to = '' } = query as { to?: unknown };
  const wanted = routeOptions.url === '/login' ? `/${to}` : url;
  const { pathname, search } = new URL(wanted.replace(/^\/+/, '/'), 'http://collector');
  return (pathname + search).replace(/^\/+/, '');
}

const NO_READER = {
  code: 'read-token-missing',
  message:
    'Expected a read token of this collector as `Authorization: Bearer …`, got another or none.',
} as const;

function notLocal(host = 'no host') {
  return {
    code: 'read-token-missing',
    message: `Expected a request of this machine, through no proxy, to localhost, 127.0.0.1 or [::1], got one to ${host.slice(0, 200)}. Without a read token nobody else may read: start the collector with \`--read-token-file\`.`,
  } as const;
}

function tooManyTokens(retryAfterSeconds: number) {
  return {
    code: 'too-many-requests',
    message: `Expected at most ${WRONG_TOKENS_PER_MINUTE} wrong tokens a minute, got more. Wait.`,
    retryAfterSeconds,
  } as const;
}
