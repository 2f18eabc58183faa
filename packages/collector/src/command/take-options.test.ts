import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { variableOf } from './option.js';
import { SERVE_OPTIONS } from './serve-options.js';
import { takeOptions } from './take-options.js';

const folder = temporaryFolder();
const OLD = 'old-token-0123456789';
const NEW = 'new-token-0123456789';

/** The values of a collector's options. */
async function valuesOf(words: string[], environment: Record<string, string> = {}) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const values: Record<string, unknown> = {};
  takeOptions(command, SERVE_OPTIONS, environment, async (given) => {
    Object.assign(values, given);
  });
  await command.parseAsync(words, { from: 'user' });
  return values;
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('each option is a variable too, and a word wins over it', async () => {
  const environment = {
    NEARSIDE_FILE: 'reports.sqlite',
    NEARSIDE_PORT: '9000',
    NEARSIDE_MIN_DEVICES: '10',
    NEARSIDE_ORIGIN: 'https://app.example, https://shop.example,',
    NEARSIDE_TRUSTED_PROXY: '10.0.0.7,10.1.0.0/16',
    NEARSIDE_JSON: 'true',
  };
  expect(await valuesOf([], environment)).toMatchObject({
    file: 'reports.sqlite',
    port: 9000,
    minDevices: 10,
    origins: ['https://app.example', 'https://shop.example'],
    trustedProxies: ['10.0.0.7', '10.1.0.0/16'],
    json: true,
  });
  const words = ['--port', '9001', '--origin', 'https://other.example', '--trusted-proxy', '::1'];
  expect(await valuesOf([...words, '--trusted-proxy', '::2'], environment)).toMatchObject({
    port: 9001,
    origins: ['https://other.example'],
    trustedProxies: ['::1', '::2'],
  });
});

test('an empty variable says nothing, as files of variables have them', async () => {
  const variables = Object.values(SERVE_OPTIONS).map((option) => [variableOf(option), '']);
  expect(await valuesOf([], Object.fromEntries(variables))).toEqual(await valuesOf([]));
});

test('tokens come from a file that was named, from one that a variable names, or from a variable', async () => {
  const file = fileOf(
    'tokens',
    `# the old one goes in March\n${OLD}\n\n  ${NEW}  # since January\n`,
  );
  const other = { NEARSIDE_READ_TOKEN: 'another-token-0123456789' };
  const tokens = async (words: string[], environment: Record<string, string>) =>
    (await valuesOf(words, environment)).readToken;
  expect(await tokens(['--read-token-file', file], other)).toEqual([OLD, NEW]);
  expect(await tokens([], { ...other, NEARSIDE_READ_TOKEN_FILE: file })).toEqual([OLD, NEW]);
  expect(await tokens([], { NEARSIDE_READ_TOKEN: NEW })).toEqual([NEW]);
  expect(await tokens([], {})).toEqual([]);
});

test('an address with a password comes from a file too', async () => {
  const url = 'https://sender:pass%23word@otel.example/v1/traces';
  const file = fileOf('receiver', `${url}\n`);
  expect(await valuesOf(['--traces-to-file', file])).toMatchObject({ tracesTo: url });
  expect(await valuesOf([], { NEARSIDE_TRACES_TO_FILE: file })).toMatchObject({ tracesTo: url });
});

test('a file of secrets that is missing, empty or a FIFO is refused: nobody is to serve without one by mistake, or to wait', async () => {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const empty = fileOf('empty', '# none yet\n');
  for (const [file, code] of [
    [empty, 'file-invalid'],
    [join(folder, 'missing'), 'file-missing'],
    [folder, 'file-missing'],
    [fifo, 'file-missing'],
    ['', 'file-missing'],
  ] as const) {
    await expect(valuesOf(['--site-token-file', file])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`--site-token-file: ${file}: expected`),
    });
  }
});

test.each([
  ['NEARSIDE_PORT', 'http', 'option-invalid'],
  ['NEARSIDE_MIN_DEVICES', '0', 'option-invalid'],
  ['NEARSIDE_REQUESTS_PER_MINUTE', '1e3', 'option-invalid'],
  ['NEARSIDE_MAX_CONNECTIONS', '-1', 'option-invalid'],
  ['NEARSIDE_JSON', 'yes', 'option-invalid'],
  ['NEARSIDE_FILE', 'mysql://db.example/reports', 'option-invalid'],
  ['NEARSIDE_ORIGIN', 'https://app.example,https://app.example/page', 'option-invalid'],
  ['NEARSIDE_TRUSTED_PROXY', 'proxy', 'option-invalid'],
  ['NEARSIDE_TRACES_TO', 'otel.example', 'option-invalid'],
  ['NEARSIDE_READ_TOKEN', 'short', 'token-unfit'],
  ['NEARSIDE_SITE_TOKEN', 'short', 'token-unfit'],
  ['NEARSIDE_READ_TOKEN_FILE', 'missing', 'file-missing'],
  ['NEARSIDE_MODELS', 'missing.json', 'file-missing'],
  ['NEARSIDE_SLO', 'missing.json', 'file-missing'],
  ['NEARSIDE_PRICES', 'missing.json', 'file-missing'],
])('a wrong %s is refused by its name', async (variable, value, code) => {
  await expect(valuesOf([], { [variable]: value })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(`^${variable}: `),
  });
});

test('models that are not there yet are said to be written by nearside facts', async () => {
  await expect(valuesOf(['--models', 'missing.json'])).rejects.toThrow('run it first');
});

test('no word of a command is a token', async () => {
  for (const words of [['--read-token', OLD], [`--site-token=${OLD}`]]) {
    await expect(valuesOf(words)).rejects.toThrow('unknown option');
  }
});
