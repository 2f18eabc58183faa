import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCollector } from '../server/start-collector.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { runCommand } from './run-command.js';

const folder = temporaryFolder();

/** Runs the command; `whenServing` is called with its first line of output. */
async function run(
  args: string[],
  whenServing?: (line: string) => Promise<void>,
  environment: Record<string, string> = {},
) {
  const printed: string[] = [];
  const errors: string[] = [];
  const stop = new AbortController();
  let serving: Promise<void> | undefined;
  const exitCode = await runCommand(args, {
    print: (line) => {
      printed.push(line);
      serving = (whenServing?.(line) ?? Promise.resolve()).finally(() => stop.abort());
    },
    printError: (line) => errors.push(line),
    signal: stop.signal,
    environment,
  });
  await serving;
  return { exitCode, printed, errors };
}

test('with --json it prints where it serves, serves, and closes when it is told to', async () => {
  const file = join(folder, 'command.sqlite');
  let url = '';
  const { exitCode, errors } = await run(
    ['--json', '--local', '--port', '0', '--file', file],
    async (line) => {
      const address = JSON.parse(line);
      expect(address).toEqual({ url: expect.any(String), port: expect.any(Number), file });
      url = address.url;
      expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    },
  );
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test('without --json it prints the addresses for people', async () => {
  const { printed } = await run([
    '--local',
    '--port',
    '0',
    '--file',
    join(folder, 'people.sqlite'),
  ]);
  expect(printed.join()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/v1\/reports/);
});

test('--help prints every option', async () => {
  const { exitCode, printed } = await run(['--help']);
  expect(exitCode).toBe(0);
  for (const option of [
    ...['--file', '--host', '--port', '--min-devices', '--local', '--json'],
    ...['--read-token-file', '--site-token-file', '--origin', '--trusted-proxy'],
    ...['--requests-per-minute', '--max-connections', '--audit-log'],
    ...['--models', '--slo', '--prices'],
  ]) {
    expect(printed.join()).toContain(option);
  }
});

test('neither a read token nor --local is wrong usage, and so is --local for all addresses; with a token it serves', async () => {
  const words = ['--json', '--port', '0', '--file', ':memory:', '--host', '0.0.0.0'];
  for (const refused of [await run(words.slice(0, -2)), await run([...words, '--local'])]) {
    expect(refused.exitCode).toBe(2);
    expect(refused.errors.join()).toMatch(
      /^nearside-collector: read-token-missing: [^\n]+--read-token-file [^\n]+--local[^\n]+$/,
    );
  }
  const both = await run(['--file', ':memory:', '--database', 'postgres://127.0.0.1:1/reports']);
  expect(both.exitCode).toBe(2);
  expect(both.errors.join()).toMatch(/--file \(NEARSIDE_FILE\), --database .*, got both/);
  const token = 'read-token-0123456789';
  const served = await run(
    words,
    async (line) => {
      const { port } = JSON.parse(line);
      const read = (headers: HeadersInit) => fetch(`http://127.0.0.1:${port}/metrics`, { headers });
      expect((await read({})).status).toBe(401);
      expect((await read({ authorization: `Bearer ${token}` })).status).toBe(200);
    },
    { NEARSIDE_READ_TOKEN: token },
  );
  expect(served).toMatchObject({ exitCode: 0, errors: [] });
  expect(served.printed.join()).not.toContain(token);
});

test('files that are not right are a failure that names file and field: exit code 1', async () => {
  const slo = join(folder, 'slo.json');
  writeFileSync(slo, '{ "successRate": 99.9 }');
  const { exitCode, errors } = await run([
    '--local',
    '--port',
    '0',
    '--file',
    ':memory:',
    '--slo',
    slo,
  ]);
  expect(exitCode).toBe(1);
  expect(errors.join()).toMatch(/^nearside-collector: file-invalid: .*slo\.json.*successRate/);
});

test('rules are printed, or written into a file, from the targets, with the runbooks of the collector', async () => {
  const slo = join(folder, 'targets.json');
  writeFileSync(slo, '{ "models": { "ocr": { "successRate": 0.95 } } }');
  const url = 'https://collector.example';
  const printed = await run(['rules', '--slo', slo, '--collector', `${url}/`]);
  expect(printed).toMatchObject({ exitCode: 0, errors: [] });
  expect(printed.printed.join()).toContain('{model=~"ocr"}');
  expect(printed.printed.join()).toContain(`runbook_url: ${url}/runbooks/nearside-silence`);
  const kept = await run(['rules', '--runbooks', 'https://git.example/runbooks/']);
  expect(kept.printed.join()).toContain(
    'runbook_url: https://git.example/runbooks/nearside-silence.md',
  );
  const out = join(folder, 'nearside.rules.yml');
  const written = await run(['rules', '--out', out], undefined, { NEARSIDE_SLO: slo });
  expect(written).toMatchObject({ exitCode: 0, printed: [], errors: [] });
  expect(readFileSync(out, 'utf8')).toContain('{model=~"ocr"}');
});

test('a typo in slo.json makes no rules, and the field is named: exit code 1', async () => {
  const slo = join(folder, 'typo.json');
  writeFileSync(slo, '{ "models": { "ocr": { "succesRate": 0.95 } } }');
  const { exitCode, printed, errors } = await run(['rules', '--slo', slo]);
  expect({ exitCode, printed }).toEqual({ exitCode: 1, printed: [] });
  expect(errors.join()).toMatch(/^nearside-collector: file-invalid: .*typo\.json.*succesRate/);
});

test.each([
  ['a collector that is no address', ['rules', '--collector', 'collector']],
  ['a port that is no number', ['--port', 'http']],
  ['a floor of zero', ['--min-devices', '0']],
  ['no requests a minute', ['--requests-per-minute', '0']],
  ['no connections', ['--max-connections', 'many']],
  ['an origin with a path', ['--file', ':memory:', '--origin', 'https://app.example/page']],
  ['a proxy by its name', ['--file', ':memory:', '--trusted-proxy', 'proxy']],
  ['a token among the words', ['--read-token', 'read-token-0123456789']],
  ['an unknown option', ['--verbose']],
  ['an argument', ['reports.sqlite']],
  ['an address that no store has', ['--file', 'postgres://db.example/reports']],
])('%s is wrong usage: exit code 2', async (_what, args) => {
  const { exitCode, errors } = await run(args);
  expect(exitCode).toBe(2);
  expect(errors).not.toEqual([]);
});

test('a mistyped command is told those that there are', async () => {
  const { exitCode, errors } = await run(['moev', '--file', 'reports.sqlite']);
  expect(exitCode).toBe(2);
  expect(errors.join()).toContain('expected rules or move, or options alone to serve, got "moev"');
});

test('a file that cannot be opened is a failure: exit code 1 and the reason', async () => {
  const { exitCode, errors } = await run(['--local', '--port', '0', '--file', folder]);
  expect(exitCode).toBe(1);
  expect(errors.join()).toContain(folder);
});

test('a port that was asked for and is busy is a failure: exit code 1, what to do, and no new database', async () => {
  await using busy = await startCollector({ file: ':memory:', port: 0, local: true });
  const file = join(folder, 'none-yet.sqlite');
  const { exitCode, errors } = await run(['--local', '--port', String(busy.port), '--file', file]);
  expect(exitCode).toBe(1);
  expect(errors.join()).toContain('busy');
  expect(existsSync(file)).toBe(false);
});
