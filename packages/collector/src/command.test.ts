import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from './command.js';
import { startCollector } from './start-collector.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const folder = temporaryFolder();

/** Runs the command; `whenServing` is called with its first line of output. */
async function run(args: string[], whenServing?: (line: string) => Promise<void>) {
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
  });
  await serving;
  return { exitCode, printed, errors };
}

test('with --json it prints where it serves, serves, and closes when it is told to', async () => {
  const file = join(folder, 'command.sqlite');
  let url = '';
  const { exitCode, errors } = await run(
    ['--json', '--port', '0', '--file', file],
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
  const { printed } = await run(['--port', '0', '--file', join(folder, 'people.sqlite')]);
  expect(printed.join()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/v1\/reports/);
});

test('--help prints every option', async () => {
  const { exitCode, printed } = await run(['--help']);
  expect(exitCode).toBe(0);
  for (const option of ['--file', '--host', '--port', '--min-devices', '--json']) {
    expect(printed.join()).toContain(option);
  }
});

test.each([
  ['a port that is no number', ['--port', 'http']],
  ['a floor of zero', ['--min-devices', '0']],
  ['an unknown option', ['--verbose']],
  ['an argument', ['reports.sqlite']],
])('%s is wrong usage: exit code 2', async (_what, args) => {
  const { exitCode, errors } = await run(args);
  expect(exitCode).toBe(2);
  expect(errors).not.toEqual([]);
});

test('a file that cannot be opened is a failure: exit code 1 and the reason', async () => {
  const { exitCode, errors } = await run(['--port', '0', '--file', folder]);
  expect(exitCode).toBe(1);
  expect(errors.join()).toContain(folder);
});

test('a port that was asked for and is busy is a failure: exit code 1 and what to do', async () => {
  await using busy = await startCollector({ file: ':memory:', port: 0 });
  const { exitCode, errors } = await run(['--port', String(busy.port), '--file', ':memory:']);
  expect(exitCode).toBe(1);
  expect(errors.join()).toContain('busy');
});
