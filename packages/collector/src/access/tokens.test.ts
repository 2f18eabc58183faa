import { expect, test } from 'vitest';
import { parseOrigins } from './origins.js';
import { createTokenCheck } from './tokens.js';

const OLD = 'old-token-0123456789';
const NEW = 'new-token-0123456789';

test('each of several tokens is taken, and nothing else', () => {
  const isToken = createTokenCheck([OLD, NEW], 'the read token');
  expect([OLD, NEW].map(isToken)).toEqual([true, true]);
  expect(['', `${OLD}x`, OLD.slice(1), OLD.toUpperCase(), undefined].some(isToken)).toBe(false);
  expect(createTokenCheck([], 'the read token')('')).toBe(false);
});

test.each(['short', 'with a space 0123456789', 'a'.repeat(201), 'percent%2f0123456789'])(
  'a token that an address cannot hold, or that is guessed, is refused and not printed: %s',
  (token) => {
    const error = (() => {
      try {
        createTokenCheck([token], 'the read token');
      } catch (cause) {
        return cause as Error;
      }
      return new Error('taken');
    })();
    expect(error).toMatchObject({ code: 'token-unfit' });
    expect(error.message).toContain('the read token: expected 16 to 200');
    expect(error.message).not.toContain(token);
  },
);

test('origins are taken as browsers send them', () => {
  const allowed = parseOrigins(['https://app.example', 'http://localhost:5173', 'null']);
  expect(allowed?.has('https://app.example')).toBe(true);
  expect(parseOrigins([])).toBeUndefined();
});

test.each([
  ['https://app.example/', 'Did you mean https://app.example?'],
  ['https://App.example', 'Did you mean https://app.example?'],
  ['https://app.example:443', 'Did you mean https://app.example?'],
  ['app.example', "got 'app.example'."],
  ['*', "got '*'."],
])('%s is no origin, and the message says what would be', (origin, advice) => {
  expect(() => parseOrigins([origin])).toThrow(
    expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining(advice) }),
  );
});
