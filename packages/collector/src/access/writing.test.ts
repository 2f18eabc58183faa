import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { createWritingCheck } from './writing.js';

const TOKEN = 'site-token-0123456789';

function request(query: object, headers: Record<string, string> = {}): FastifyRequest {
  return { query, headers } as FastifyRequest;
}

test('without a token and a list everybody may send', () => {
  const check = createWritingCheck({ siteTokens: [], origins: [] });
  expect(check(request({}, { origin: 'https://any.example' }))).toBeUndefined();
});

test('with a site token only who has it may send, from wherever', () => {
  const check = createWritingCheck({ siteTokens: [TOKEN], origins: [] });
  expect(check(request({ token: TOKEN }))).toBeUndefined();
  for (const query of [{}, { token: `${TOKEN}x` }, { token: [TOKEN, TOKEN] }, { Token: TOKEN }]) {
    const refusal = check(request(query));
    expect(refusal).toMatchObject({ code: 'site-token-wrong' });
    expect(JSON.stringify(refusal)).not.toContain(TOKEN);
  }
});

test('with a list of origins pages of others may not send; what is no page has no origin', () => {
  const check = createWritingCheck({ siteTokens: [], origins: ['https://app.example'] });
  expect(check(request({}, { origin: 'https://app.example' }))).toBeUndefined();
  expect(check(request({}))).toBeUndefined();
  for (const origin of ['https://evil.example', 'http://app.example', 'null', '']) {
    expect(check(request({}, { origin }))).toMatchObject({ code: 'origin-refused' });
  }
});
