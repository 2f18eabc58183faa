import { fastify } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { requireReader } from './reading.js';
import { hasSession, sessionCookie } from './session-cookie.js';

const TOKEN = 'read-token-0123456789';
const OTHER = 'next-token-0123456789';
const NOW_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
let nowMs = NOW_MS;
afterEach(() => {
  nowMs = NOW_MS;
});

function serve(readTokens: readonly string[], local = false) {
  const server = fastify({ trustProxy: '127.0.0.1' });
  server.register(async (scope) => {
    requireReader(scope, { local, readTokens, now: () => nowMs });
    scope.get('/', async (_request, reply) => reply.type('text/html').send('figures'));
    scope.get('/runbooks/:name', async () => 'runbook');
    scope.get('/metrics', async () => 'figures');
  });
  server.get('/healthz', async () => 'ok');
  const get = (url: string, headers: Record<string, string> = {}) =>
    server.inject({ url, headers });
  const login = (token: string, headers: Record<string, string> = {}, url = '/login') =>
    server.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams({ token }).toString(),
    });
  return { get, login };
}

test('without a read token nobody reads, unless this machine is trusted, and there is no login', async () => {
  const closed = await serve([]).get('/metrics');
  expect([closed.statusCode, closed.json().error.code]).toEqual([401, 'read-token-missing']);
  const { get, login } = serve([], true);
  expect((await get('/metrics')).body).toBe('figures');
  expect((await login(TOKEN)).statusCode).toBe(404);
});

test('without a read token a proxy, and a page of another name that leads here, read nothing', async () => {
  const { get } = serve([], true);
  expect((await get('/metrics', { 'x-forwarded-for': '127.0.0.1' })).statusCode).toBe(401);
  for (const host of ['localhost:8787', '127.0.0.1', '[::1]:8787', 'collector.localhost']) {
    expect((await get('/metrics', { host })).body).toBe('figures');
  }
  for (const host of ['rebound.example:8787', 'localhost.example']) {
    const refused = await get('/metrics', { host });
    expect(refused.statusCode).toBe(401);
    expect(refused.json()).toMatchObject({ error: { code: 'read-token-missing' } });
  }
  expect((await get('/healthz', { host: 'rebound.example' })).body).toBe('ok');
});

test('a program reads with a bearer token', async () => {
  const { get } = serve([TOKEN, OTHER]);
  for (const token of [TOKEN, OTHER]) {
    expect((await get('/metrics', { authorization: `Bearer ${token}` })).body).toBe('figures');
  }
  for (const authorization of ['', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN]) {
    const refused = await get('/metrics', { authorization });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(refused.json()).toMatchObject({ error: { code: 'read-token-missing' } });
  }
  expect((await get('/healthz')).body).toBe('ok');
});

test('a token in the address of a page does not do: addresses are logged', async () => {
  expect((await serve([TOKEN]).get(`/metrics?token=${TOKEN}`)).statusCode).toBe(401);
});

test('a browser gets a form, and with the token a cookie that lasts a month and is no token', async () => {
  const { get, login } = serve([TOKEN]);
  const form = await get('/', { accept: 'text/html,*/*' });
  expect(form.statusCode).toBe(401);
  expect(form.body).toContain('<form method="post" action="./login">');
  expect(form.headers['content-security-policy']).toContain("form-action 'self'");

  const answer = await login(TOKEN);
  expect([answer.statusCode, answer.headers.location]).toEqual([303, './']);
  const setCookie = String(answer.headers['set-cookie']);
  expect(setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
  expect(setCookie).not.toContain(TOKEN);

  const cookie = setCookie.split(';')[0] ?? '';
  expect((await get('/', { cookie: `theme=dark; ${cookie}` })).body).toBe('figures');
  nowMs = NOW_MS + 31 * DAY_MS;
  expect((await get('/', { cookie })).statusCode).toBe(401);
});

test('a link leads behind the form to the page and time that it names, and to no other host', async () => {
  const { get, login } = serve([TOKEN]);
  const link = '?model=digits&at=2026-03-05T12:10:00.000Z';
  const actionOf = (body: string) => /action="([^"]*)"/.exec(body)?.[1] ?? '';
  const action = actionOf((await get(`/${link}`, { accept: 'text/html' })).body);
  expect(action).toBe(`./login?to=${encodeURIComponent(link)}`);
  const wrong = await login('wrong', {}, action.slice(1));
  expect(actionOf(wrong.body)).toBe(action);
  expect((await login(TOKEN, {}, action.slice(1))).headers.location).toBe(`./${link}`);
  const runbook = actionOf((await get('/runbooks/silence', { accept: 'text/html' })).body);
  expect(runbook).toBe('../login?to=runbooks%2Fsilence');
  expect((await login(TOKEN, {}, '/login?to=runbooks%2Fsilence')).headers.location).toBe(
    './runbooks/silence',
  );
  for (const to of [
    '//evil.example/',
    '/\\evil.example',
    'https://evil.example/',
    'a"b\n',
    '../..',
  ]) {
    const { headers } = await login(TOKEN, {}, `/login?to=${encodeURIComponent(to)}`);
    const { host } = new URL(String(headers.location), 'http://collector.example/login');
    expect(host, to).toBe('collector.example');
    const form = await login('wrong', {}, `/login?to=${encodeURIComponent(to)}`);
    expect(actionOf(form.body), to).toMatch(/^\.\/login(\?to=[\w.%!~*'()-]+)?$/);
  }
});

test('the cookie is for HTTPS alone where the page came by HTTPS', async () => {
  const answer = await serve([TOKEN]).login(TOKEN, { 'x-forwarded-proto': 'https' });
  expect(String(answer.headers['set-cookie'])).toMatch(/; Secure$/);
});

test('a cookie ends with its token, and nobody can prolong it', () => {
  const [cookie = ''] = sessionCookie(TOKEN, { nowMs: NOW_MS, isSecure: false }).split(';');
  const holds = (header: string, tokens = [TOKEN]) => hasSession(header, { tokens, nowMs: NOW_MS });
  expect(holds(cookie)).toBe(true);
  expect(holds(cookie, [OTHER])).toBe(false);
  expect(holds(cookie, [OTHER, TOKEN])).toBe(true);
  expect(holds(cookie.replace(/=\d/, '=9'))).toBe(false);
  expect(holds(cookie.slice(0, -1))).toBe(false);
  expect(holds('nearside-collector=; nearside-collector=1.x')).toBe(false);
});

test('a wrong token is told so, and after ten a minute told to wait', async () => {
  const { get, login } = serve([TOKEN]);
  for (let i = 0; i < 10; i += 1) {
    const wrong = await login('wrong');
    expect(wrong.statusCode).toBe(401);
    expect(wrong.body).toContain('role="alert"');
  }
  const again = await get('/login');
  expect([again.statusCode, again.headers.location]).toEqual([303, './']);
  const refused = await login('wrong');
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  nowMs += 60_000;
  expect((await login('wrong')).statusCode).toBe(401);
});

test('a body that is no form, or too long a one, is refused', async () => {
  const { login } = serve([TOKEN]);
  expect((await login('x'.repeat(2_000))).statusCode).toBe(413);
  expect((await login(TOKEN, { 'content-type': 'text/xml' })).statusCode).toBe(415);
});
