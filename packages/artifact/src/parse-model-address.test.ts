import { afterEach, expect, test, vi } from 'vitest';
import { parseModelAddress } from './parse-model-address.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

function inPage(origin: string, isSecureContext: boolean) {
  vi.stubGlobal('origin', origin);
  vi.stubGlobal('isSecureContext', isSecureContext);
}

test("a page's own origin is one, whatever its scheme", () => {
  inPage('chrome-extension://abcdef', true);
  const address = { repository: 'chrome-extension://abcdef/models/', model: 'digits' };
  expect(parseModelAddress('chrome-extension://abcdef/models/digits')).toEqual(address);
  expect(() => parseModelAddress('chrome-extension://other/models/digits')).toThrow(TypeError);
  expect(() => parseModelAddress('chrome-extension://abcdef/digits?a=1')).toThrow('a query');
});

test.each([
  ['http://intranet', false],
  ['null', true],
])('an address of a page of %s needs more than its origin', (origin, isSecure) => {
  inPage(origin, isSecure);
  expect(() => parseModelAddress('http://intranet/digits')).toThrow(TypeError);
  expect(() => parseModelAddress('file:///digits')).toThrow(TypeError);
});

test.each([
  ['https://cdn.example/models/digits', 'https://cdn.example/models/', 'digits'],
  ['https://cdn.example/models/digits/', 'https://cdn.example/models/', 'digits'],
  ['https://cdn.example/digits', 'https://cdn.example/', 'digits'],
  ['https://cdn.example:8443/a/b/c/d-2', 'https://cdn.example:8443/a/b/c/', 'd-2'],
  ['https://cdn.example/a/../b/digits', 'https://cdn.example/b/', 'digits'],
  ['http://localhost:8090/digits', 'http://localhost:8090/', 'digits'],
  ['http://models.localhost/digits', 'http://models.localhost/', 'digits'],
  ['http://127.0.0.1:1/digits', 'http://127.0.0.1:1/', 'digits'],
  ['http://127.1.2.3/digits', 'http://127.1.2.3/', 'digits'],
  ['http://[::1]:8090/digits', 'http://[::1]:8090/', 'digits'],
])('%s is a model of %s', (url, repository, model) => {
  expect(parseModelAddress(url)).toEqual({ repository, model });
});

test.each([
  ['a relative URL', '/models/digits'],
  ['no URL', 'digits'],
  ['nothing', ''],
  ['plain http', 'http://cdn.example/digits'],
  ['a host that only begins like localhost', 'http://localhost.evil.example/digits'],
  ['a host that only ends like localhost', 'http://evil-localhost/digits'],
  ['a host that only begins like a loopback address', 'http://127.0.0.1.evil.example/digits'],
  ['every interface', 'http://0.0.0.0/digits'],
  ['another scheme', 'ftp://localhost/digits'],
  ['a data URL', 'data:application/json,{}'],
  ['no model', 'https://cdn.example'],
  ['only slashes', 'https://cdn.example///'],
  ['a model name with capitals', 'https://cdn.example/models/Digits'],
  ['a model name with a dot', 'https://cdn.example/models/digits.onnx'],
  ['a model name with an encoded slash', 'https://cdn.example/models%2fdigits'],
  ['a model name of 65 letters', `https://cdn.example/${'a'.repeat(65)}`],
  ['a query', 'https://cdn.example/models/digits?token=secret'],
  ['a fragment', 'https://cdn.example/models/digits#secret'],
  ['a name', 'https://secret@cdn.example/digits'],
  ['a password', 'https://:secret@cdn.example/digits'],
  ['a name and a password without https', 'http://user:secret@cdn.example/digits'],
])('%s is a TypeError', (_, url) => {
  expect(() => parseModelAddress(url)).toThrow(TypeError);
});

test.each([
  ['a query', 'https://cdn.example/digits?token=secret'],
  ['a fragment', 'https://cdn.example/digits#secret'],
  ["a user's name or password", 'https://user:secret@cdn.example/digits'],
  ["a user's name or password", 'http://user:secret@cdn.example/digits'],
])('%s is named, because it would never be sent, and is not repeated', (what, url) => {
  expect(() => parseModelAddress(url)).toThrow(`without ${what}`);
  expect(() => parseModelAddress(url)).not.toThrow('secret');
});

test('a folder of this machine is to be served, and the message says by what', () => {
  for (const url of ['public/models/digits', 'file:///public/models/digits']) {
    expect(() => parseModelAddress(url)).toThrow('npx nearside serve');
  }
});
