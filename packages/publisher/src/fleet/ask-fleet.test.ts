import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askCanary, askFindings } from './ask-fleet.js';

const TOKEN = 'a-token-that-nobody-may-see';
const EMPTY = JSON.stringify({ revision: 3, plans: [], rollouts: [] });

/** A server in the place of a collector, and the requests that it got. */
async function listen(answer: RequestListener) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const answering = (status: number, body: string) =>
  listen((_request, response) => response.writeHead(status).end(body));

test('a collector is asked below its address, with the token', async () => {
  const { url, asked } = await answering(200, EMPTY);
  const nowMs = 1_700_000_000_000;
  const found = await askCanary({ url: `${url}/below/`, token: TOKEN }, 'digits', nowMs);
  expect(found).toMatchObject({ revision: 3, rollouts: [] });
  // an answer for the last hour would not tell of a rollout whose devices sleep since midnight
  const path = `/below/v1/fleet/canary?model=digits&from=${nowMs - 14 * 86_400_000}`;
  expect(asked).toEqual([{ url: path, authorization: `Bearer ${TOKEN}` }]);
});

test.each([
  ['401', 401, '{}', 'read-token-missing', 'got another'],
  ['404, as below another path', 404, 'not here', 'fleet-malformed', 'without a path'],
  ['503', 503, '{}', 'network-failed', 'status 503'],
  ['a page', 200, '<!doctype html>', 'fleet-malformed', 'expected JSON'],
  ['nothing', 200, '', 'fleet-malformed', 'got nothing'],
  ['other JSON', 200, '[]', 'fleet-malformed', 'Is it a collector'],
  ['a share over 1', 200, EMPTY.replace('[]', '[{"share":5}]'), 'fleet-malformed', 'plans.0.share'],
])('%s is a coded error without the token', async (_what, status, body, code, words) => {
  const { url } = await answering(status, body);
  const error = await askCanary({ url, token: TOKEN }, 'digits').catch((reason) => reason);
  expect(error).toMatchObject({ code, details: { url: expect.stringContaining(url) } });
  expect(error.message).toContain(words);
  expect(error.message + JSON.stringify(error.details)).not.toContain(TOKEN);
});

test('an https address of a server that speaks plain HTTP is said to be that, and nothing of certificates', async () => {
  const { url } = await answering(200, EMPTY);
  const error = await askCanary({ url: url.replace('http:', 'https:') }, 'digits').catch((e) => e);
  expect(error).toMatchObject({ code: 'network-failed' });
  expect(error.message).toContain('Does it speak plain HTTP? Then give its http:// address.');
  expect(error.message).not.toContain('certificate');
});

test('without a token the message says how to give one', async () => {
  const { url } = await answering(401, '');
  await expect(askFindings({ url }, 'digits')).rejects.toThrow('got none. Set NEARSIDE_READ_TOKEN');
});

test('a collector that is not reached, and one that never answers, are no answer', async () => {
  const { url } = await listen(() => {}); // leaves the request open
  const refused = askCanary({ url: 'http://127.0.0.1:1' }, 'digits');
  await expect(refused).rejects.toMatchObject({ code: 'network-failed' });
  const silent = askCanary({ url, patienceMs: 50 }, 'digits');
  await expect(silent).rejects.toMatchObject({
    code: 'network-failed',
    message: expect.stringContaining('silence'),
  });
});

test('the token goes to no other server, and what that answers is not believed', async () => {
  const other = await answering(200, EMPTY);
  const { url } = await listen((_request, response) =>
    response.writeHead(302, { Location: other.url }).end(),
  );
  const asking = askCanary({ url, token: TOKEN }, 'digits');
  await expect(asking).rejects.toThrow(
    `expected an answer of ${url}, got a redirect to ${other.url}`,
  );
  expect(other.asked).toEqual([{ url: '/', authorization: undefined }]);
});

test.each([
  { url: 'reports.example' },
  { url: '127.0.0.1:8899' },
  { url: 'localhost:8899' },
  { url: 'ftp://reports.example' },
  { url: `https://reader:${TOKEN}@reports.example` },
  { url: `https://reports.example?token=${TOKEN}` },
  { url: 'https://reports.example', token: `${TOKEN}\n` },
  { url: 'https://reports.example', token: '' },
])('an address or a token that cannot be one is a TypeError that quotes neither', async (fleet) => {
  const error = await askCanary(fleet, 'digits').catch((reason) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).not.toContain(TOKEN);
  const isWhole = fleet.url.startsWith('http');
  expect(error.message.includes('without http:// or https://')).toBe(!isWhole);
});
