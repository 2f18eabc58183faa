import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { looksLocal } from './loopback.js';

function request(remoteAddress: string, headers: Record<string, string>): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

test.each([
  ['127.0.0.1', 'localhost:8787'],
  ['127.8.9.1', '127.0.0.1:8787'],
  ['::1', '[::1]:8787'],
  ['::ffff:127.0.0.1', 'collector.localhost'],
])('a request from %s to %s looks like one of this machine', (address, host) => {
  expect(looksLocal(request(address, { host }))).toBe(true);
});

test.each(['10.0.0.7', '192.168.1.2', '::ffff:10.0.0.7', 'fe80::1', '128.0.0.1'])(
  "a request from %s is another machine's",
  (address) => {
    expect(looksLocal(request(address, { host: 'localhost' }))).toBe(false);
  },
);

test.each(['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'via'])(
  'a request with the header %s was passed on by a proxy on this machine',
  (header) => {
    const headers = { host: 'localhost', [header]: '10.0.0.7' };
    expect(looksLocal(request('127.0.0.1', headers))).toBe(false);
  },
);

test.each(['rebound.example:8787', '', 'localhost.example', 'not a host'])(
  'a request addressed to "%s" is not of this machine: the name may have been rebound',
  (host) => {
    expect(looksLocal(request('127.0.0.1', { host }))).toBe(false);
  },
);
