import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { ACCESS_DEFAULTS, checkAccess } from './access.js';
import { createAddressLimit } from './address-limit.js';

const READ = 'read-token-0123456789';

const LOCAL = { ...ACCESS_DEFAULTS, local: true };
const missing = expect.objectContaining({ code: 'read-token-missing' });

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'collector.localhost'])(
  '%s needs a read token, unless the operator says that it is for this machine alone',
  (host) => {
    expect(() => checkAccess(ACCESS_DEFAULTS, host)).toThrow(missing);
    expect(() => checkAccess(LOCAL, host)).not.toThrow();
  },
);

test.each(['0.0.0.0', '::', '', '10.0.0.7', '127.0.0.1.example', 'localhost.example'])(
  'host "%s" needs a read token',
  (host) => {
    expect(() => checkAccess(LOCAL, host)).toThrow(missing);
    expect(() => checkAccess({ ...ACCESS_DEFAULTS, readTokens: [READ] }, host)).not.toThrow();
  },
);

test('proxies are addresses and subnets', () => {
  const check = (proxy: string) => checkAccess({ ...LOCAL, trustedProxies: [proxy] }, '127.0.0.1');
  for (const proxy of ['10.0.0.7', '10.0.0.0/8', '2001:db8::1', 'fd00::/8']) check(proxy);
  for (const proxy of ['proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '*', '::/129']) {
    expect(() => check(proxy), proxy).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  }
});

/** Asks as a peer that says whom it forwards. */
function serve(trustedProxies: readonly string[], local = false) {
  const errors: unknown[] = [];
  const limit = createAddressLimit({
    local,
    perMinute: 2,
    now: () => 0,
    onError: (error) => errors.push(error),
  });
  const server = fastify({ trustProxy: [...trustedProxies] });
  server.get('/', async (request) => limit(request)?.code ?? 'fine');
  const ask = async (remoteAddress: string, headers: Record<string, string> = {}) =>
    (await server.inject({ url: '/', remoteAddress, headers })).body;
  return { ask, errors };
}

test('this machine is not limited where that is given, and what a proxy on it tells of is', async () => {
  const { ask } = serve([], true);
  for (let i = 0; i < 5; i += 1) {
    expect(await ask('127.0.0.1', { host: 'localhost' })).toBe('fine');
  }
  const forwarded = { host: 'localhost', via: '1.1 proxy' };
  for (const expected of ['fine', 'fine', 'too-many-requests']) {
    expect(await ask('127.0.0.1', forwarded)).toBe(expected);
  }
});

test('what looks like this machine counts as one address, whatever it claims: it may be a plain proxy', async () => {
  const { ask, errors } = serve([]);
  const from = (address: string) =>
    ask('127.0.0.1', { host: '127.0.0.1:8787', 'x-forwarded-for': address });
  expect(await ask('127.0.0.1', { host: 'localhost' })).toBe('fine');
  expect(await from('203.0.113.1')).toBe('fine');
  expect(await from('203.0.113.2')).toBe('too-many-requests');
  expect(await ask('127.0.0.1', { host: 'localhost' })).toBe('too-many-requests');
  expect(errors).toHaveLength(1);
  expect(String(errors[0])).toContain('`--trusted-proxy 127.0.0.1`');
});

test('who comes through a proxy that is trusted is counted by the address that it tells last', async () => {
  const { ask, errors } = serve(['10.0.0.0/8']);
  const from = (address: string) => ask('10.0.0.7', { 'x-forwarded-for': `1.2.3.4, ${address}` });
  for (const expected of ['fine', 'fine', 'too-many-requests']) {
    expect(await from('203.0.113.7')).toBe(expected);
  }
  expect(await from('203.0.113.8')).toBe('fine');
  expect(errors).toEqual([]);
});

test('what another proxy tells is not believed, and its owner is told once what to give', async () => {
  const { ask, errors } = serve([]);
  const from = (address: string) => ask('10.0.0.7', { 'x-forwarded-for': address });
  for (const last of [1, 2]) expect(await from(`203.0.113.${last}`)).toBe('fine');
  for (const last of [3, 4]) expect(await from(`203.0.113.${last}`)).toBe('too-many-requests');
  expect(errors).toHaveLength(1);
  expect(String(errors[0])).toContain('`--trusted-proxy 10.0.0.7`');
});
