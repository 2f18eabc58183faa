import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { ALERTS, runbookName } from '../rules/alerts.js';
import { addRunbooks } from './runbooks.js';
import { startCollector } from './start-collector.js';

const server = fastify();
addRunbooks(server);

test('the address of each alert answers with what to do, as text', async () => {
  for (const { name } of ALERTS) {
    const { statusCode, headers, body } = await server.inject(`/runbooks/${runbookName(name)}`);
    expect({ name, statusCode }).toEqual({ name, statusCode: 200 });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(body).toMatch(new RegExp(`^# ${name}\n`));
  }
});

test('any other name is refused, and no other file is read', async () => {
  for (const name of [
    'nearside',
    'NearsideSilence',
    '..%2f..%2fREADME',
    '..%2f..%2f..%2fpackage',
    '%00',
    '',
    'x'.repeat(80),
  ]) {
    const answer = await server.inject(`/runbooks/${name}`);
    expect([name, answer.statusCode]).toEqual([name, 404]);
  }
  const { error } = (await server.inject('/runbooks/nearside-unknown')).json();
  expect(error).toEqual({
    code: 'not-found',
    message: expect.stringContaining('/runbooks/nearside-silence'),
  });
});

test('runbooks are read with the read token, as figures are', async () => {
  const readToken = 'read-token-0123456789';
  await using collector = await startCollector({ file: ':memory:', port: 0, readToken });
  const url = `${collector.url}/runbooks/nearside-silence`;
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${readToken}` } });
  expect(await answer.text()).toContain('## Mitigate');
});
